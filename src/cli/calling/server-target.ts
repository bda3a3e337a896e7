/**
 * Which server a command is about: a URL, which stands first, or a command after `--`, which is started for it and speaks MCP on stdin
 * and stdout. Pure.
 *
 * @module
 */

import { basename } from 'node:path'
import { CliError } from '../errors.ts'
import { shownShort } from '../shown.ts'

export type ServerTarget = { readonly url: string } | { readonly command: string; readonly args: readonly string[] }

export interface Words {
  readonly target: ServerTarget
  /** What the command is given besides: the name of a tool, arguments, a URI. */
  readonly rest: readonly string[]
}

/**
 * `words`: all operands, those after `--` last. `argv`: the whole command line, which alone says where `--` stood.
 *
 * @throws {CliError} E-USAGE where no server is named.
 */
export function parseWords(name: string, words: readonly string[], argv: readonly string[]): Words {
  const dashes = argv.indexOf('--')
  if (dashes !== -1) {
    const [command, ...args] = argv.slice(dashes + 1)
    if (command === undefined) throw new CliError('E-USAGE', 'there is no command after `--`', `name one: sallyport ${name} -- COMMAND…`)
    const rest = words.slice(0, words.length - args.length - 1)
    // A resource may be called so; nothing else is.
    if (name !== 'read' && /^(?:https?|wss?):\/\//i.test(rest[0] ?? ''))
      throw new CliError('E-USAGE', 'a URL and a command are named', `leave one of them out; see \`sallyport ${name} --help\``)
    return { target: { command, args }, rest }
  }
  const [url, ...rest] = words
  if (url === undefined)
    throw new CliError(
      'E-USAGE',
      'no server is named',
      `write its URL, or \`--\` and a command: sallyport ${name} https://mcp.example.com/mcp`,
    )
  if (!/^(?:https?|wss?):\/\//i.test(url))
    throw new CliError(
      'E-USAGE',
      `${shownShort(url)} is not the URL of a server`,
      `write it with its scheme (https://…), or put \`--\` before a command: sallyport ${name} -- COMMAND…`,
    )
  return { target: { url }, rest }
}

/** As it may stand in a sentence. A URL may hold a key in its query, so that it is left out. */
export function nameOfTarget(target: ServerTarget): string {
  if ('command' in target) return shownShort(basename(target.command))
  const url = URL.parse(target.url)
  return url === null ? 'the server' : shownShort(url.host)
}

/** Another command about the same server, to be pasted. `words`: what it is given besides, and options. */
export function commandFor(name: string, target: ServerTarget, words: readonly string[] = [], options = ''): string {
  const server = 'command' in target ? ['--', target.command, ...target.args] : [target.url.replace(/[?#].*$/s, '')]
  const [first, last] = 'command' in target ? [words, server] : [server, words]
  return `sallyport ${name} ${[...first.map((word) => quoted(word)), options.trim(), ...last.map((word) => quoted(word))].filter(Boolean).join(' ')}`
}

/** One word of a command that is pasted into a shell, whatever is in it: much of it comes from servers. */
export const quoted = (word: string, show: (word: string) => string = shownShort): string =>
  /^[\w@%+=:,./~-]+$/.test(word) ? word : `'${show(word).replaceAll("'", `'\\''`)}'`
