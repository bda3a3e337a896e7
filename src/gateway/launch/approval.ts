/**
 * How a server of the configuration is started, as it was accepted once: its command, arguments, folder, variables and what its sandbox
 * lets it reach, each as the file has it, so that a path of this machine makes no difference on another. What has changed since is told
 * place by place.
 *
 * No secret is in it: of a value that is one, only that there is one. Pure.
 *
 * @module
 */

import { z } from 'zod'
import { diffText, toVisible } from '../../trust/index.ts'
import { argumentWithoutSecret, withoutSecret } from './without-secret.ts'

export interface WrittenLaunch {
  readonly command: string
  readonly args: readonly string[]
  readonly cwd?: string | undefined
  /** By name: what the file has there, without the values of references. */
  readonly env?: Readonly<Record<string, string>> | undefined
  readonly sandbox?: Readonly<Record<string, unknown>> | undefined
}

export const writtenShape: { readonly [Key in keyof WrittenLaunch]-?: z.ZodType<WrittenLaunch[Key]> } = {
  command: z.string(),
  args: z.array(z.string()),
  cwd: z.string().optional(),
  env: z.record(z.string(), z.string()).optional(),
  sandbox: z.record(z.string(), z.unknown()).optional(),
}

/** `entry`: a server's, as it is written. */
export function toWritten(entry: {
  readonly command?: string | undefined
  readonly args?: readonly (string | number)[] | undefined
  readonly cwd?: string | undefined
  readonly env?: Readonly<Record<string, string | number | boolean>> | undefined
  readonly sandbox?: object | undefined
}): WrittenLaunch {
  const args = (entry.args ?? []).map(String)
  const env = Object.entries(entry.env ?? {}).map(([name, value]): [string, string] => [name, withoutSecret(name, String(value))])
  return {
    command: entry.command ?? '',
    args: args.map((arg, at) => argumentWithoutSecret(arg, args[at - 1])),
    ...(entry.cwd === undefined ? {} : { cwd: entry.cwd }),
    ...(env.length === 0 ? {} : { env: Object.fromEntries(env) }),
    ...(entry.sandbox === undefined ? {} : { sandbox: sorted(entry.sandbox) as Record<string, unknown> }),
  }
}

/** In which order grants are written makes no difference. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted).sort((one, other) => (JSON.stringify(one) < JSON.stringify(other) ? -1 : 1))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value)
      .filter(([, one]) => one !== undefined)
      .map(([key, one]) => [key, sorted(one)]),
  )
}

export interface Change {
  /** Where: `args.1`, `env.TZ`, `sandbox.write`. */
  readonly places: readonly string[]
  /** What, for the person who decides: a line each, with `-` and `+`. */
  readonly diff: string
}

/** Undefined: nothing has changed. */
export function changeOf(was: WrittenLaunch, is: WrittenLaunch): Change | undefined {
  const [before, after] = [toLines(was), toLines(is)]
  const places = [...new Set([...before.keys(), ...after.keys()])].filter((place) => before.get(place) !== after.get(place)).sort()
  if (places.length === 0) return undefined
  const named = new Set(places.map((place) => place.replace(/^(sandbox\.\w+)\..*$/, '$1')))
  if (places.some((place) => place.startsWith('sandbox.'))) named.delete('sandbox')
  return {
    places: [...named],
    diff: diffOf(before, after, places),
  }
}

/** What a person is shown must be all of it: where there is too much to be shown in its place, each change is shown by itself. */
function diffOf(before: ReadonlyMap<string, string>, after: ReadonlyMap<string, string>, places: readonly string[]): string {
  const [was, is] = [textOf(before), textOf(after)]
  if (before.size + after.size <= MAX_LINES && was.length + is.length <= MAX_TEXT) return diffText(was, is)
  return places.flatMap((place) => [...lineOf('-', place, before.get(place)), ...lineOf('+', place, after.get(place))]).join('\n')
}
const lineOf = (sign: string, place: string, value: string | undefined): string[] =>
  value === undefined ? [] : [`${sign} ${place}: ${toVisible(value)}`]

/** What `diffText` shows whole, whatever is in it. */
const MAX_LINES = 36
const MAX_TEXT = 4_000
const textOf = (lines: ReadonlyMap<string, string>): string => [...lines].map(([place, value]) => `${place}: ${value}`).join('\n')

function toLines(written: WrittenLaunch): Map<string, string> {
  const lines = new Map<string, string>()
  const { command, args, cwd, env = {}, sandbox } = written
  walk('command', command)
  walk('args', args)
  if (cwd !== undefined) walk('cwd', cwd)
  walk('env', env)
  // Also one that grants nothing: without it a server is started where there is no sandbox.
  if (sandbox !== undefined) lines.set('sandbox', 'said')
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
