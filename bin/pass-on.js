/**
 * Runs a program in this one's place: its output, its signals, its exit code. Plain JavaScript for any Node; for `bin/sallyport.js`
 * and `scripts/run.mjs`.
 */

import { spawn } from 'node:child_process'

export function passOn(program, args, options, onError) {
  const child = spawn(program, args, { stdio: 'inherit', ...options })
  let told = false
  const tell = (signal) => {
    told = true
    child.kill(signal)
  }
  // A terminal sends ^C to both; only what was sent to this process alone is passed on.
  process.on('SIGINT', () => (process.stdin.isTTY ? (told = true) : tell('SIGINT')))
  process.on('SIGTERM', () => tell('SIGTERM'))
  process.on('SIGHUP', () => tell('SIGTERM'))
  // npm runs scripts below a shell, which dies of a signal without passing it on: who is left alone has been told to end.
  const parent = process.ppid
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || told || tell('SIGTERM'), 500).unref()
  child.on('error', onError)
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)))
}
