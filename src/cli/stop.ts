/**
 * When a command that stays is told to end: by a person, by whoever started it, or because whoever started it is gone.
 *
 * @module
 */

import { exitCodes } from './codes.ts'

/** Resolves with the exit code at the first signal. */
export function createStop(): Promise<number> {
  const { promise, resolve } = Promise.withResolvers<number>()
  let firstAt: number | undefined
  const onSignal = (signal: NodeJS.Signals): void => {
    const code = signal === 'SIGINT' ? exitCodes.interrupted : exitCodes.ok
    // npm, a shell and a terminal pass the same signal on, so that it arrives several times: that is one.
    if (firstAt === undefined) firstAt = performance.now()
    else if (performance.now() - firstAt > 500) process.exit(code)
    resolve(code)
  }
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, onSignal)
  // npm and npx run programs below a shell, which dies of a signal without passing it on: who is left alone has been told to end.
  const parent = process.ppid
  if (process.env.npm_lifecycle_event) setInterval(() => process.ppid === parent || resolve(exitCodes.ok), 500).unref()
  return promise
}
