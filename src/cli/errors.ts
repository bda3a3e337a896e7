/** How a command ends badly: one code, one sentence, one way to mend it. @module */

import { ConfigError, createRedactor } from '../core/index.ts'
import { codes, type ErrorCode } from './codes.ts'
import { shown } from './shown.ts'

/** Thrown by commands, caught once in `main.ts`. Never holds a secret or an argument of a call. */
export class CliError extends Error {
  override readonly name = 'CliError'
  readonly code: ErrorCode
  readonly fix: string
  readonly exitCode: number
  /** Facts for programs: part of what `--json` prints. */
  readonly facts: object

  constructor(code: ErrorCode, message: string, fix: string, facts: object = {}) {
    super(message)
    this.code = code
    this.fix = fix
    this.exitCode = codes[code]
    this.facts = facts
  }
}

/** `sallyport.yaml:12: …`: what is wrong is in a configuration. Else it is a key, a port or the data. */
const IN_A_FILE = /\.(?:ya?ml|jsonc?):\d+: /

/** Anything thrown becomes something a person can act on. What is not foreseen is our fault, and says so. */
export function toCliError(error: unknown): CliError {
  if (error instanceof CliError) return error
  if (error instanceof ConfigError)
    return new CliError(
      'E-CONFIG',
      error.problems.map(shown).join('\n  '),
      error.problems.some((problem) => IN_A_FILE.test(problem))
        ? 'correct what is named above; `sallyport schema` prints every key of the file'
        : 'correct what is named above; `sallyport doctor` looks at the rest',
    )
  const system = (error as NodeJS.ErrnoException | undefined)?.code
  const path = (error as NodeJS.ErrnoException | undefined)?.path ?? ''
  if (system === 'EACCES' || system === 'EPERM' || system === 'EROFS')
    return new CliError(
      'E-DATA',
      `${path || 'a file'} cannot be read or written (${system})`,
      'run as its owner, or choose another folder with --data-dir',
    )
  if (system === 'ENOSPC') return new CliError('E-DATA', 'the disk is full', 'free some space and run the command again')
  // The message of an unforeseen error may hold anything, so only its kind is shown; the stack is for those who ask.
  const kind = error instanceof Error ? error.name : typeof error
  if (process.env.SALLYPORT_DEBUG && error instanceof Error)
    process.stderr.write(`${createRedactor().text(error.stack ?? error.message)}\n`)
  return new CliError(
    'E-INTERNAL',
    `this is a fault in sallyport (${kind})`,
    'run it again with SALLYPORT_DEBUG=1 and report what it prints, after reading it for secrets',
  )
}
