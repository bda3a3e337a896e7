/**
 * What is wrong with what a server is granted, seen before it is started: paths that are not there, programs that nobody has, and what no
 * server may have.
 *
 * Fails closed: each is a problem, and nothing starts.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { isWithin, real } from '../../sandbox/index.ts'
import type { ServerConfig } from '../config/index.ts'
import { shownPath } from './hints.ts'
import { findFile } from './looking.ts'

export interface OurPlaces {
  readonly dataDir: string
  /** The configuration and what was accepted of servers. */
  readonly own: readonly string[]
  readonly env: Readonly<Record<string, string | undefined>>
}

export function checkGrants(
  { id, target, sandbox }: Pick<ServerConfig, 'id' | 'target' | 'sandbox'>,
  { dataDir, own, env }: OurPlaces,
): string[] {
  if (sandbox === undefined || sandbox.use === 'off') return []
  const { grants, where } = sandbox
  const problems: string[] = []
  const problem = (key: 'read' | 'write' | 'run', text: string): void =>
    void problems.push(where === '' ? `--allow-${key}: ${text}` : `${where}.${key}: ${text}`)

  for (const key of ['read', 'write'] as const)
    for (const path of grants[key]) {
      if (!existsSync(path)) problem(key, `there is no ${shownPath(path)}: make it first, or name another`)
      // The keys to everything are in it.
      if (isWithin(path, real(dataDir))) problem(key, `${shownPath(path)} is Sallyport's own: no server may see it`)
    }
  for (const path of grants.write)
    for (const ours of [dataDir, ...own])
      if (isWithin(real(ours), path)) {
        problem(
          'write',
          `${shownPath(path)} holds ${shownPath(ours)}: ${id} could change what it may do. Grant a folder in it, or keep that elsewhere`,
        )
        break
      }
  for (const program of grants.run)
    if (findFile(program, 'cwd' in target ? target.cwd : '/', env['PATH']) === undefined) problem('run', `there is no program ${program}`)
  return problems
}
