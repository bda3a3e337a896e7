/**
 * Secrets as commands are given them: by reference, never as an argument, which everybody on this machine can read. In the environment,
 * in a file, or on stdin (`-`).
 *
 * @module
 */

import { readFileSync } from 'node:fs'
import { CliError } from '../errors.ts'
import { shownShort } from '../shown.ts'

const MAX_SECRET = 64 * 1024
const MAX_FILE = 4 * 1024 * 1024

/** @throws {CliError} E-USAGE where it cannot be read or is too long. Never says what is in it. */
export function readGiven(option: string, file: string, max: number = MAX_FILE): string {
  let text: string
  try {
    text = readFileSync(file === '-' ? 0 : file, 'utf8')
  } catch (error) {
    const { code = 'unreadable' } = error as NodeJS.ErrnoException
    throw new CliError('E-USAGE', `${option}: ${shownShort(file)} cannot be read (${code})`, 'name a file that is there, or - for stdin')
  }
  if (text.length > max) throw new CliError('E-USAGE', `${option}: ${shownShort(file)} is too long`, 'name the file itself')
  return text
}

/** A secret alone in a file, or in a variable; undefined where there is neither. The end of the last line is not part of it. */
export function secretFrom(option: string, file: string | undefined, variable: string): string | undefined {
  if (file !== undefined) {
    const secret = readGiven(option, file, MAX_SECRET).replace(/\r?\n$/, '')
    if (secret === '') throw new CliError('E-USAGE', `${option}: there is nothing in it`, 'write the secret into the file, alone')
    return secret
  }
  return process.env[variable] || undefined
}

/** `NAME=VARIABLE`, each; the value is in the environment. */
export function headersFromEnvironment(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair): [string, string] => {
      const [, name, variable] = /^([^=:\s]+)=([A-Za-z_][A-Za-z0-9_]*)$/.exec(pair) ?? []
      // Not said again: it may be the value.
      if (name === undefined || variable === undefined)
        throw new CliError('E-USAGE', '--header-env takes the name of a header and of a variable', 'write --header-env x-tenant=TENANT')
      return [name, fromEnvironment('--header-env', variable)]
    }),
  )
}

/** `NAME: value`, a line each; empty lines and those that begin with `#` are left out. */
export function headersFromFile(file: string | undefined): Record<string, string> {
  if (file === undefined) return {}
  const lines = readGiven('--header-file', file, MAX_SECRET)
    .split(/\r?\n/)
    .filter((line) => line.trim() !== '' && !line.startsWith('#'))
  return Object.fromEntries(
    lines.map((line, at): [string, string] => {
      const [, name, value] = /^([^:\s]+):\s*(.*?)\s*$/.exec(line) ?? []
      if (name === undefined || value === undefined)
        throw new CliError('E-USAGE', `--header-file: header ${at + 1} is none`, 'write a line for each: NAME: value')
      return [name, value]
    }),
  )
}

/** Variables to hand on to a command, by name. */
export const variablesNamed = (names: readonly string[]): Record<string, string> =>
  Object.fromEntries(
    names.map((name): [string, string] => {
      if (!/^[A-Za-z_][A-Za-z0-9_]*$/.test(name))
        throw new CliError('E-USAGE', '--env takes the name of a variable', 'set it before, and name it: --env API_TOKEN')
      return [name, fromEnvironment('--env', name)]
    }),
  )

function fromEnvironment(option: string, variable: string): string {
  const value = process.env[variable]
  if (value === undefined)
    throw new CliError('E-USAGE', `${option}: there is no variable ${shownShort(variable)}`, 'set it before the command')
  return value
}
