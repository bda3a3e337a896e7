/** The cheap upstream over stdio. @module */

import { answer } from './cheap.ts'

let rest = ''
process.stdin.setEncoding('utf8')
process.stdin.on('data', (chunk: string) => {
  const lines = (rest + chunk).split('\n')
  rest = lines.pop() ?? ''
  let answers = ''
  for (const line of lines) {
    const text = line === '' ? undefined : answer(line)
    if (text !== undefined) answers += `${text}\n`
  }
  if (answers !== '') process.stdout.write(answers)
})
process.stdin.on('end', () => process.exit(0))
