/**
 * What an operator hands to a server by its arguments and variables and has not granted: paths that are there, and that it will not find.
 * Said before it is started, since all that it can say itself is that there is no such file. And what no sandbox can run.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, isAbsolute, resolve } from 'node:path'
import type { Command } from '../../process/index.ts'
import { isWithin, showDestination } from '../../sandbox/index.ts'
import type { ServerSandbox } from '../config/index.ts'
import { isSystem } from './looking.ts'

export interface Handed extends Pick<Command, 'args' | 'cwd' | 'env'> {
  /** Which argument is the script. */
  readonly script: number | undefined
  /** What it sees without its being granted. */
  readonly code: readonly string[]
}

export function hintsFor({ args, cwd, env, script, code }: Handed, { grants, where }: ServerSandbox): string[] {
  const seen = [...grants.read, ...grants.write, ...code]
  const hidden = (path: string): boolean => existsSync(path) && !isSystem(path) && !seen.some((each) => isWithin(path, each))
  const given = args.flatMap((arg, at) => (at === script ? [] : pathsIn(arg, cwd)))
  const named = Object.values(env).flatMap((value) => (isAbsolute(value) ? [resolve(value)] : []))
  return [...new Set([...given, ...named])]
    .filter(hidden)
    .map((path) => `${shownPath(path)} is given to it, and it cannot see it: ${howToAdd(path, where)}`)
}

/** A path as an argument or the value of one: `--root=./notes`. Words that are no path are left alone, unless there is such a file. */
export function pathsIn(arg: string, cwd: string): string[] {
  const value = /^--?[\w-]+=(.+)$/s.exec(arg)?.[1] ?? arg
  if (value === '' || value.startsWith('-') || /^[a-z][a-z0-9+.-]*:\/\//i.test(value)) return []
  const path = resolve(cwd, value.replace(/^~(?=\/|$)/, homedir()))
  return path !== '/' && existsSync(path) ? [path] : []
}

function howToAdd(path: string, where: string): string {
  const shown = shownPath(path)
  return where === '' ? `add --allow-read ${shown}, or --allow-write` : `add it to read, or to write, in its sandbox (${where})`
}

/** `~/notes`: as it is written by whoever reads it. */
export function shownPath(path: string): string {
  const own = homedir()
  return own !== '/' && isWithin(path, own) ? `~${path.slice(own.length)}` : path
}

/** Programs that do at their start what a sandbox keeps them from. */
export function cannotRun({ command, args }: Pick<Command, 'command' | 'args'>, { grants, where }: ServerSandbox): string | undefined {
  const name = basename(command)
  const off = where === '' ? '--dangerously-no-sandbox' : 'sandbox: { dangerouslyOff: true }'
  if (/^(?:docker|podman|nerdctl)$/.test(name))
    return `${name} works through the socket of its daemon, which nothing in a sandbox can reach: it needs ${off}. What keeps it then is its container`
  const install = installFor(name, args)
  if (install === undefined || grants.net.length > 0) return undefined
  const grant = where === '' ? PYTHON.map((host) => `--allow-net ${host}`).join(' ') : `net: [${PYTHON.join(', ')}]`
  return `${name} fetches the package each time it starts, and has no network: install it first (${install}) and name its program, or grant ${grant}`
}

/** Where packages of Python come from. Those of npm are pinned, and fetched before and outside (`launch/`). */
const PYTHON = ['pypi.org:443', 'files.pythonhosted.org:443']

function installFor(name: string, args: readonly string[]): string | undefined {
  if (name === 'uvx' || (name === 'uv' && args[0] === 'tool' && args[1] === 'run')) return 'uv tool install PACKAGE'
  return name === 'pipx' && args[0] === 'run' ? 'pipx install PACKAGE' : undefined
}

/** What it may reach, in one line. */
export function shownGrants({ read, write, net, env, run }: ServerSandbox['grants']): string {
  const list = (values: readonly string[], none: string): string =>
    values.length === 0 ? none : values.slice(0, 8).join(', ') + (values.length > 8 ? ', …' : '')
  return [
    // What may be written may be read: "reads nothing" beside it would be untrue.
    ...(read.length > 0 || write.length === 0 ? [`reads ${list(read.map(shownPath), 'nothing')}`] : []),
    write.length > 0 ? `reads and writes ${list(write.map(shownPath), '')}` : 'writes nothing',
    `network: ${list(net.map(showDestination), 'none')}`,
    ...(env.length > 0 ? [`env: ${list(env, '')}`] : []),
    ...(run.length > 0 ? [`runs ${list(run, '')}`] : []),
  ].join(' · ')
}
