/**
 * Grants as flags of Node's permission model. It knows files, processes, add-ons, threads and WASI; it follows links out of what
 * was granted, and knows single programs and (up to Node 24) the network not at all.
 *
 * Fails closed: what cannot be said in its flags throws.
 *
 * @module
 */

import { existsSync, readdirSync, realpathSync, statSync } from 'node:fs'
import { basename, isAbsolute, join } from 'node:path'
import { ConfigError } from '../../core/index.ts'
import type { Program } from '../confine/confinement.ts'
import { isWithin } from '../grants/within.ts'
import { disarming } from './disarm.ts'

/** Node's heap counts towards its memory, and is the part that it can bound itself. */
const HEAP_SHARE = 0.75

/** More flags than this is no command line. */
const MOST_PATHS = 2000

/** `temporary`: a folder of its own. @throws {ConfigError} */
export function toNodeFlags(program: Program, temporary: string): string[] {
  const problems = problemsForNode(program)
  if (problems.length > 0) throw new ConfigError(problems)
  const { grants, code, home, hidden = [] } = program
  const writable = [...grants.write, temporary, ...(home === undefined ? [] : [home])]
  const readable = without([...code, ...grants.read, ...writable], hidden)
  const connects = grants.net.length > 0
  const knowsNet = process.allowedNodeEnvironmentFlags.has('--allow-net')
  return [
    '--permission',
    ...readable.map((path) => `--allow-fs-read=${path}`),
    ...without(writable, hidden).map((path) => `--allow-fs-write=${path}`),
    ...(connects && knowsNet ? ['--allow-net'] : []),
    `--max-old-space-size=${Math.floor(grants.limits.memoryMb * HEAP_SHARE)}`,
    '--disable-sigusr1',
    `--import=${disarming(connects)}`,
  ]
}

/** Why it cannot be held by Node's permissions. */
export function problemsForNode(program: Program): string[] {
  const { grants, env } = program
  const args = nodeArguments(program)
  if (args === undefined) return [`${basename(program.command)} is not Node: without bubblewrap only programs in Node can be confined`]
  return [
    ...problemsOfPaths([...grants.read, ...grants.write]),
    ...problemsOfFlags(args),
    ...problemsOfEnv(env),
    ...(grants.run.length === 0
      ? []
      : ['sandbox.run cannot be granted here: Node’s permissions know no single programs, and bubblewrap does']),
  ]
}

/** What follows `node`; undefined: it is no program in Node. */
export function nodeArguments({ command, args, node }: Program): readonly string[] | undefined {
  if (node === true || /^node(?:\.exe)?$/.test(basename(command))) return args
  // A program that a package has put into PATH: a link to its script.
  return isAbsolute(command) && existsSync(command) && /\.[cm]?js$/.test(realpathSync(command)) ? [command, ...args] : undefined
}

/** Nothing can be taken out of a folder that is granted: what is beside the hidden is granted instead, as it is now. */
function without(paths: readonly string[], hidden: readonly string[]): string[] {
  let left = [...new Set(paths)]
  for (const secret of hidden) {
    if (statSync(secret, { throwIfNoEntry: false }) === undefined) continue
    left = left.flatMap((path) => opened(path, secret))
    if (left.length > MOST_PATHS) throw new ConfigError([`${secret} has too much beside it to be hidden here: grant a smaller folder`])
  }
  return left
}

function opened(path: string, secret: string): string[] {
  if (isWithin(path, secret)) return []
  if (!isWithin(secret, path)) return [path]
  return readdirSync(path).flatMap((name) => opened(join(path, name), secret))
}

function problemsOfPaths(paths: readonly string[]): string[] {
  return paths.flatMap((path) => {
    // A pattern to Node: it would grant more than what is there.
    if (path.includes('*')) return [`${path}: a path with a "*" cannot be granted here`]
    return statSync(path, { throwIfNoEntry: false }) === undefined ? [`${path} is granted and not there`] : []
  })
}

const TAKES_A_VALUE = new Set(['-r', '--require', '--import', '-C', '--conditions', '--loader', '--experimental-loader'])
const OF_PERMISSIONS =
  /^--(?:no-)?(?:permission|experimental-permission|allow-|env-file|experimental-(?:default-)?config|snapshot-blob|build-snapshot)/

/** What its own command line says of permissions would be added to ours. */
function problemsOfFlags(args: readonly string[]): string[] {
  const problems: string[] = []
  for (let at = 0; at < args.length && args[at]?.startsWith('-'); at += TAKES_A_VALUE.has(args[at] as string) ? 2 : 1) {
    const flag = (args[at] as string).replaceAll('_', '-')
    if (OF_PERMISSIONS.test(flag)) problems.push(`${flag.split('=')[0]} cannot be given to Node here: permissions are the sandbox’s`)
  }
  return problems
}

const problemsOfEnv = (env: Readonly<Record<string, string>>): string[] =>
  Object.keys(env)
    .filter((name) => name === 'NODE_OPTIONS' || name === 'NODE_REPL_EXTERNAL_MODULE')
    .map((name) => `${name} cannot be handed on here: permissions could be added in it`)
