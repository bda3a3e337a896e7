/** What commands about keys, clients and grants have in common: lists of words, times, and mistakes in what was given. @module */

import { ConfigError } from '../core/index.ts'
import { CliError } from './errors.ts'
import { shown } from './shown.ts'

const DAY_MS = 86_400_000

/** `--scope a b`, `--scope a --scope b` and `--scope "a b"` or `a,b` mean the same. */
export const split = (values: readonly string[] = []): string[] => [
  ...new Set(values.flatMap((value) => value.split(/[\s,]+/)).filter(Boolean)),
]

export const dateOf = (at: number): string => (Number.isFinite(at) ? new Date(at).toISOString().slice(0, 10) : '?')
/** To the minute, in UTC as everywhere. */
export const minuteOf = (at: number): string =>
  Number.isFinite(at) ? `${new Date(at).toISOString().slice(0, 16).replace('T', ' ')}Z` : '?'
/** A day is enough for what is good for weeks; what ends sooner ends at a time of day. */
export const endOf = (createdAt: number, at: number): string =>
  at - createdAt > 2 * DAY_MS ? dateOf(at) : `${new Date(at).toISOString().slice(0, 19).replace('T', ' ')}Z`

/** What a library of ours refuses came from the command line here: it is corrected there. */
export async function given<T>(command: string, work: Promise<T>, options: Readonly<Record<string, string>> = {}): Promise<T> {
  try {
    return await work
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new CliError(
      'E-USAGE',
      error.problems.map(shown).join('\n  '),
      `correct ${optionsIn(error.problems, options) || 'what is named above'}; see \`sallyport ${command} --help\``,
    )
  }
}

/** Problems name members of a block; whoever types a command knows its options. */
function optionsIn(problems: readonly string[], options: Readonly<Record<string, string>>): string {
  const named = problems.map((problem) => options[/^\w+\.(\w+)/.exec(problem)?.[1] ?? ''])
  return [...new Set(named.filter((option) => option !== undefined))].join(', ')
}

export const counted = (count: number, one: string): string => `${count} ${one}${count === 1 ? '' : 's'}`

/** Label and value, a line each; what has no value is left out. */
export const described = (rows: readonly (readonly [string, string | undefined])[]): (readonly [string, string])[] =>
  rows.flatMap(([label, value]) => (value === undefined || value === '' ? [] : [[label, value] as const]))
