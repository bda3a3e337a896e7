/**
 * Where the command line begins and where every command ends. Commands throw a `CliError` or return; this file turns the one
 * into text and an exit code. What nobody foresaw ends in E-INTERNAL, with no detail that could hold a secret.
 *
 * @module
 */

import { CommanderError } from 'commander'
import { exitCodes } from './codes.ts'
import { CliError, toCliError } from './errors.ts'
import { createOutput } from './output.ts'
import { createProgram } from './program.ts'

const argv = process.argv.slice(2)
// Where the arguments cannot be parsed, this is all there is to go by.
const own = argv.includes('--') ? argv.slice(0, argv.indexOf('--')) : argv
const json = own.includes('--json')

const command = own.find((word) => !word.startsWith('-'))

// `sallyport audit search | head` closes the pipe early: that is no fault. `guard` is not there for its output: it ends when it is
// told to, and with --stdio when its transport has nobody to talk to, closed and with everything on record.
process.stdout.on('error', (error: NodeJS.ErrnoException) => {
  if (command !== 'guard') process.exit(error.code === 'EPIPE' ? exitCodes.ok : exitCodes.failure)
})
// A client that goes closes everything at once. Nobody is left to be told.
process.stderr.on('error', () => {})

// A promise that nobody waited for, an event that nobody caught: our fault, and no state to go on from.
process.on('uncaughtException', (error) => {
  report(toCliError(error))
  process.exit()
})

try {
  await createProgram(argv).parseAsync(argv, { from: 'user' })
} catch (error) {
  // Help and version were asked for and have been printed.
  if (error instanceof CommanderError && error.exitCode === 0) process.exitCode = exitCodes.ok
  else report(error instanceof CommanderError ? usage(error) : toCliError(error))
}

function report({ code, message, fix, exitCode, facts }: CliError): void {
  const output = createOutput(json)
  output.object({ ...facts, error: { code, message, fix } })
  // Several problems are a line each; what is foreign in them was escaped where it came in.
  for (const line of `error[${code}]: ${message}`.split('\n')) output.note(line)
  output.note(`fix: ${fix}`)
  process.exitCode = exitCode
}

function usage(error: CommanderError): CliError {
  if (error.code === 'commander.help') return new CliError('E-USAGE', 'a command is missing', 'choose one of those above')
  const message = error.message.replace(/^error: /, '').replace(/\n/g, ' ')
  if (command === 'guard' && error.code === 'commander.unknownOption')
    return new CliError('E-USAGE', message, 'put `--` before the command that you want guarded: sallyport guard -- COMMAND…')
  // What is too much is not said again: it may be a secret that should have been typed.
  if (error.code === 'commander.excessArguments')
    return new CliError(
      'E-USAGE',
      message.replace(/(but got \d+):.*$/s, '$1.'),
      command === 'secret' ? 'give the value on stdin, or type it when asked: sallyport secret set NAME < FILE' : helpFor(),
    )
  if (error.code === 'commander.unknownCommand') return new CliError('E-USAGE', message, 'see `sallyport --help`')
  return new CliError('E-USAGE', message, helpFor())
}

// A declaration, since it is called above before a constant would be there.
function helpFor(): string {
  return `see \`${['sallyport', ...commandPath(), '--help'].join(' ')}\``
}

/** `key create`: the command that was meant, as far as its words are commands. */
function commandPath(): readonly string[] {
  const path: string[] = []
  let { commands } = createProgram(argv)
  for (const word of own.filter((one) => !one.startsWith('-'))) {
    const found = commands.find((one) => one.name() === word)
    if (!found) break
    path.push(word)
    commands = found.commands
  }
  return path
}
