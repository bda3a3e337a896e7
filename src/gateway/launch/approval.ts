/**
 * A server as it is configured now, against what was accepted of it: what has changed is told place by place, and what is new whole. Pure.
 *
 * @module
 */

import { diffText, toVisible } from '../../trust/index.ts'
import type { Written } from './written.ts'

export interface Change {
  /** Where: `args.1`, `env.TZ`, `sandbox.write`. */
  readonly places: readonly string[]
  /** What, for the person who decides: a line each, with `-` and `+`. */
  readonly diff: string
}

/** `was` undefined: nothing was accepted. Undefined: nothing has changed. */
export function changeOf(was: Written | undefined, is: Written): Change | undefined {
  const [before, after] = [toLines(was), toLines(is)]
  const places = [...new Set([...before.keys(), ...after.keys()])].filter((place) => before.get(place) !== after.get(place))
  if (places.length === 0) return undefined
  const named = new Set(places.toSorted().map((place) => place.replace(/^((?:sandbox|auth)\.\w+)\..*$/, '$1')))
  if (places.some((place) => place.startsWith('sandbox.'))) named.delete('sandbox')
  return { places: [...named], diff: diffOf(before, after, places) }
}

/** What a person is shown must be all of it: where it is new, or too much to be shown in its place, each line is shown by itself. */
function diffOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, places: readonly string[]): string {
  const [was, is] = [textOf(before), textOf(after)]
  if (before.size > 0 && before.size + after.size <= MAX_LINES && was.length + is.length <= MAX_TEXT) return diffText(was, is)
  return places.flatMap((place) => [...lineOf('-', place, before.get(place)), ...lineOf('+', place, after.get(place))]).join('\n')
}
const lineOf = (sign: string, place: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`${sign} ${place}: ${toVisible(value)}`]

/** What `diffText` shows whole, whatever is in it. */
const MAX_LINES = 36
const MAX_TEXT = 4_000
const textOf = (lines: ReadonlyMap<string, string>): string => [...lines].map(([place, value]) => `${place}: ${value}`).join('\n')

function toLines(written: Written | undefined): Map<string, string> {
  const lines = new Map<string, string>()
  if (written === undefined) return lines
  if ('url' in written) {
    const { url, headers = {}, auth = {} } = written
    walk('url', url)
    walk('headers', headers)
    walk('auth', auth)
    return lines
  }
  const { command, args, cwd, env = {}, sandbox } = written
  walk('command', command)
  walk('args', args)
  if (cwd !== undefined) walk('cwd', cwd)
  walk('env', env)
  // Also by a block that grants nothing: without it a server is started where there is no sandbox.
  if (sandbox && !sandbox['dangerouslyOff'] && !sandbox['dangerouslyOptional']) lines.set('sandbox', 'required')
  walk('sandbox', sandbox ?? {})
  return lines

  function walk(place: string, value: unknown): void {
    if (typeof value !== 'object' || value === null) lines.set(place, JSON.stringify(value) ?? 'null')
    else
      for (const key of Array.isArray(value) ? value.keys() : Object.keys(value).sort())
        walk(`${place}.${toName(key)}`, (value as Record<string | number, unknown>)[key])
  }
}

/** A name is its writer's, too, and must not pass for another line. */
const toName = (key: string | number): string => (/^[\w-]+$/.test(`${key}`) ? `${key}` : JSON.stringify(key))

/** What is to be typed. `file`: the configuration, where it is one that has to be named. */
export const toAccept = (id: string, file: string | undefined): string =>
  `sallyport pin accept ${id}${file === undefined ? '' : ` --config '${file}'`}`

/** Why it is not started or reached, and what to do: a sentence that goes on after its name. */
export function refusalOf(id: string, was: Written | undefined, is: Written, { places }: Change, file?: string): string {
  const fix = toAccept(id, file)
  if (was === undefined)
    return `it is not among the servers that were accepted here, and ${'url' in is ? 'leads to' : 'starts'} ${shownWhole(is)}. To accept it: ${fix}`
  const some = places.length > 6 ? [...places.slice(0, 6), `${places.length - 6} more`] : places
  return `it is ${'url' in is ? 'reached' : 'started'} otherwise than was accepted: ${some.join(', ')}. To accept it as it is now: ${fix}`
}

/** A sentence has an end; `pin accept` shows all of it, however long. */
const MAX_SHOWN = 1_000
function shownWhole(written: Written): string {
  const words = 'url' in written ? [written.url] : [written.command, ...written.args]
  const text = toVisible(words.map((word) => (/^[\w@%+=:,./?&~^${}-]+$/.test(word) ? word : JSON.stringify(word))).join(' '))
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)}… (${text.length - MAX_SHOWN} more characters)`
}
