/** What is to be guarded, as the command line says it. Pure. @module */

import { CliError } from './errors.ts'

export type Target = { readonly url: string } | { readonly command: string; readonly args: readonly string[] }

/** `dashes`: whether `--` was written. Without it only a URL can be meant: an option of the command would be taken for ours. */
export function parseTarget(words: readonly string[], dashes: boolean): Target | undefined {
  const [first, ...args] = words
  if (first === undefined) {
    if (dashes) throw new CliError('E-USAGE', 'there is no command after `--`', 'name one: sallyport guard -- COMMAND…')
    return undefined
  }
  if (/^https?:\/\//i.test(first) && args.length === 0) return { url: first }
  if (!dashes)
    throw new CliError('E-USAGE', 'what should be guarded is not a URL', 'put `--` before a command: sallyport guard -- COMMAND…')
  return { command: first, args }
}
