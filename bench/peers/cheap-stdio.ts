/** The cheap upstream over stdio. `SLOW_START_MS`: how long it takes to come up, for measuring the gateway's own start. @module */

import { answer } from './cheap.ts'

const slow = Number(process.env['SLOW_START_MS'] ?? 0)
if (slow > 0) await new Promise((resolve) => setTimeout(resolve, slow))

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
