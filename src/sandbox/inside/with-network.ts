/**
 * What is started in place of a guarded server that was granted a network: `with-network COMMAND ARGUMENTS…`. Starts the bridge, then the
 * command with its own standard streams, and ends as the command ends.
 *
 * @module
 */

import { spawn } from 'node:child_process'
import { constants } from 'node:os'
import { startOwnBridge } from './bridge.ts'

const [command = '', ...args] = process.argv.slice(2)
await startOwnBridge()
const child = spawn(command, args, { stdio: 'inherit' })
child.once('error', ({ code }: NodeJS.ErrnoException) => {
  // As a shell has it.
  process.stderr.write(`${command} could not be started (${code})\n`)
  process.exit(code === 'ENOENT' ? 127 : 126)
})
// The group is signalled as a whole; who signals us alone means the command.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP'] as const) process.on(signal, () => child.kill(signal))
child.once('exit', (code, signal) => process.exit(code ?? 128 + (signal === null ? 0 : constants.signals[signal])))
