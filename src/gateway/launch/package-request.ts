/**
 * Tells a command that fetches a package and runs it (`npx`, `npm exec`, `pnpm dlx`, `yarn dlx`, `bunx`) from one that starts what is
 * there, and reads what it asks for. None of these programs is ever started: what they would fetch is whatever is newest that day.
 *
 *   command, args ─ readPackageRequest ─▶ undefined (another command) · a problem · a PackageRequest
 *
 * Pure. What is not understood of such a command is a problem, never started as it is.
 *
 * @module
 */

import { basename } from 'node:path'
import { readSpec, type Wanted } from './package-spec.ts'

export interface PackageRequest {
  readonly wanted: Wanted
  /** Which of its programs; undefined: the one that it has, or that is called as it is. */
  readonly program: string | undefined
  /** What the program is given. */
  readonly args: readonly string[]
  /** Whether one that the project has installed comes first, as `npx NAME` has it. */
  readonly prefersLocal: boolean
}

export type ReadRequest = { readonly request: PackageRequest } | { readonly problem: string } | undefined

/** The words that make a package manager fetch and run. */
const RUNNERS: Readonly<Record<string, readonly (readonly string[])[]>> = {
  npx: [[]],
  pnpx: [[]],
  bunx: [[]],
  npm: [['exec'], ['x']],
  pnpm: [['dlx']],
  yarn: [['dlx']],
  bun: [['x']],
}
/** Options that change nothing of what is fetched and run. */
const HARMLESS = new Set([
  '-y',
  '--yes',
  '-q',
  '--quiet',
  '-s',
  '--silent',
  '--ignore-scripts',
  '--prefer-offline',
  '--prefer-online',
  '--bun',
])

export function readPackageRequest(command: string, args: readonly string[]): ReadRequest {
  const name = toName(command)
  // `cmd /c npx …`: the way to start npx on Windows.
  if (name === 'cmd' && /^\/[cC]$/.test(args[0] ?? '') && args[1] !== undefined) return readPackageRequest(args[1], args.slice(2))
  const runs = RUNNERS[name]
  if (!runs) return undefined
  const at = args.findIndex((word) => !HARMLESS.has(word))
  for (const words of runs)
    if (words.every((word, i) => args[at + i] === word)) return readWords(name, words.length === 0 ? args : args.slice(at + words.length))
  // `npm --registry=… exec`: which of the words is its command cannot be told.
  return args[at]?.startsWith('-') && runs.some(([word]) => word !== undefined && args.includes(word))
    ? { problem: `${name} is not started, and its option ${optionOf(args[at])} is not understood here` }
    : undefined
}

const toName = (command: string): string => basename(command.replaceAll('\\', '/')).replace(/\.(?:cmd|exe|ps1)$/i, '')

function readWords(runner: string, words: readonly string[]): ReadRequest {
  const packages: string[] = []
  let at = 0
  let isOver = false
  for (; at < words.length; at++) {
    const word = words[at] as string
    if (word === '--') {
      at++
      isOver = true
      break
    }
    if (!word.startsWith('-')) break
    const [, given] = /^--package=(.*)$/s.exec(word) ?? []
    if (given !== undefined) packages.push(given)
    else if (word === '-p' || word === '--package') packages.push(words[++at] ?? '')
    else if (!HARMLESS.has(word)) return { problem: `${runner} is not started, and its option ${optionOf(word)} is not understood here` }
  }
  const [first, ...rest] = words.slice(at)
  if (packages.length > 1) return { problem: `${runner} is given several packages, and one at a time can be pinned` }
  const spec = packages[0] ?? first
  if (spec === undefined || spec === '') return { problem: `${runner} is given no package` }
  if (packages.length === 1 && first === undefined) return { problem: `${runner} is given a package and no program of it` }
  const wanted = readSpec(spec)
  if ('problem' in wanted) return wanted
  const passed = isOver ? { args: rest } : readPassed(runner, rest)
  if ('problem' in passed) return passed
  return {
    request: {
      wanted,
      program: packages.length === 1 ? first : undefined,
      args: passed.args,
      prefersLocal: runner === 'npx' && packages.length === 0 && wanted.selector === '',
    },
  }
}

/** `npm exec` takes options behind the package for its own, up to `--`; the others hand all of them on. */
function readPassed(runner: string, rest: readonly string[]): { readonly args: readonly string[] } | { readonly problem: string } {
  if (runner !== 'npm') return { args: rest }
  const end = rest.indexOf('--')
  const own = end === -1 ? rest : rest.slice(0, end)
  if (own.some((word) => word.startsWith('-'))) return { problem: 'npm exec takes options for its own that do not stand behind --' }
  return { args: end === -1 ? own : [...own, ...rest.slice(end + 1)] }
}

/** Without its value. */
const optionOf = (word: string): string => (/^-{1,2}[A-Za-z][\w-]{0,40}/.exec(word) ?? ['of that name'])[0]
