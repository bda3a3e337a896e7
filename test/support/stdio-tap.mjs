// Starts a program and stands between: `node stdio-tap.mjs FILE PROGRAM [ARGUMENT…]`. Every byte of its three pipes goes into the file.

import { spawn } from 'node:child_process'
import { appendFileSync } from 'node:fs'

const [file, program, ...args] = process.argv.slice(2)
const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'pipe'] })
const carry = (from, into) =>
  from.on('data', (chunk) => {
    appendFileSync(file, chunk)
    into.write(chunk)
  })
carry(process.stdin, child.stdin)
carry(child.stdout, process.stdout)
carry(child.stderr, process.stderr)
process.stdin.on('end', () => child.stdin.end())
child.stdin.on('error', () => {})
child.on('exit', (code) => process.exit(code ?? 1))
for (const signal of ['SIGTERM', 'SIGINT']) process.on(signal, () => child.kill(signal))
