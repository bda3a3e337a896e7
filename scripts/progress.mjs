/** Says on stderr that something is under way: one updating line on a terminal, elsewhere a line every five seconds. */

export function progress(what, { stream = process.stderr } = {}) {
  const started = Date.now()
  const seconds = () => Math.round((Date.now() - started) / 1000)
  const tty = Boolean(stream.isTTY)
  const show = () => stream.write(tty ? `\r${what} … ${seconds()} s\u001b[K` : `${what} … ${seconds()} s\n`)
  show()
  const timer = setInterval(show, tty ? 250 : 5000)
  return {
    end(last = '') {
      clearInterval(timer)
      if (tty) stream.write('\r\u001b[K')
      if (last) stream.write(`${last}\n`)
    },
  }
}
