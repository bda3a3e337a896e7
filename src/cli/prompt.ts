/** Asks for something on the terminal without showing what is typed. @module */

/** @throws nothing; ^C ends the process as it does everywhere. */
export function askHidden(question: string): Promise<string> {
  const { stdin, stderr } = process
  stderr.write(question)
  stdin.setRawMode(true).setEncoding('utf8').resume()
  return new Promise((resolve) => {
    let typed = ''
    const done = (): void => {
      stdin.off('data', take).setRawMode(false).pause()
      stderr.write('\n')
    }
    function take(chunk: string): void {
      for (const char of chunk) {
        if (char === '\u0003') {
          done()
          process.exit(130)
        } else if (char === '\r' || char === '\n' || char === '\u0004') {
          done()
          resolve(typed)
          return
        } else if (char === '\u007f' || char === '\b') typed = Array.from(typed).slice(0, -1).join('')
        else if (char >= ' ') typed += char
      }
    }
    stdin.on('data', take)
  })
}
