/**
 * What each server of a configuration could reach, if it were started now. Starts nothing and changes nothing.
 *
 * @module
 */

import { existsSync } from 'node:fs'
import { problemOf } from '../../core/index.ts'
import {
  type Confinement,
  type Explanation,
  explainConfined,
  explainElsewhere,
  explainUnconfined,
  type Program,
  problemsForNode,
} from '../../sandbox/index.ts'
import type { ServerConfig } from '../config/index.ts'
import { readPackageRequest } from '../launch/package-request.ts'
import { showWanted } from '../launch/package-spec.ts'
import { findLocal } from '../launch/program.ts'
import type { Command } from '../upstream/index.ts'
import { environmentFor } from './environment.ts'
import { cannotRun, hintsFor, shownPath } from './hints.ts'
import { findProgram } from './program-files.ts'
import { holdsCommands, homeOf } from './server-sandbox.ts'

export interface ExplainServersOptions {
  readonly confinement: Confinement
  readonly dataDir: string
  readonly env?: Readonly<Record<string, string | undefined>>
}

export const explainServers = (servers: readonly ServerConfig[], options: ExplainServersOptions): Explanation[] =>
  servers.map((server) => explainServer(server, options))

function explainServer(config: ServerConfig, { confinement, dataDir, env: ours = process.env }: ExplainServersOptions): Explanation {
  const { id, target, sandbox, named } = config
  if (!('command' in target) || sandbox === undefined) return explainElsewhere(id)
  if (sandbox.use === 'off') return explainUnconfined(id, 'It runs without a sandbox, as it was told to.')
  const { depth, missing } = confinement
  const why = missing[0] ?? depth
  if (sandbox.use === 'required' && !holdsCommands(depth))
    return isNotStarted(id, `It is not started ${depth === 'none' ? 'without a sandbox' : 'in less than a whole sandbox'}: ${why}`)
  if (depth === 'none') return explainUnconfined(id, `It runs without a sandbox: ${why}`)

  const its = programOf(target, ours['PATH'])
  if ('problem' in its) return isNotStarted(id, its.problem)
  const { command, code, notes } = its
  const { grants } = sandbox
  const { env } = environmentFor({
    ours,
    granted: grants.env,
    // Values are somebody's secrets, and are asked of nobody for this.
    named: { ...target.env, ...Object.fromEntries(Object.keys(named ?? {}).map((name) => [name, ''])) },
    command,
    code,
    connects: grants.net.length > 0,
  })
  const program: Program = {
    command,
    args: target.args,
    cwd: target.cwd,
    env,
    grants,
    code,
    // A person's process keeps nothing.
    home: config.perPerson ? undefined : homeOf(dataDir, id, sandbox),
    forks: true,
  }
  if (depth === 'node-permission') {
    const problem = problemsForNode(program).join('; ')
    if (problem !== '') return explainUnconfined(id, `It runs without a sandbox: ${problem}.`)
  }
  const { timeoutMs: _, maxOutputBytes: __, ...limits } = grants.limits
  const explained = explainConfined({ name: id, program, limits }, depth, missing)
  const absent = [...new Set([...grants.read, ...grants.write])].filter((path) => !existsSync(path))
  const unmade = absent.map((path) => `There is no ${shownPath(path)}: it is not started until there is.`)
  const hints = hintsFor({ ...target, script: undefined, code }, sandbox).map((hint) => `${hint}.`)
  const hopeless = cannotRun(target, sandbox)
  return { ...explained, notes: [...explained.notes, ...notes, ...unmade, ...hints, ...(hopeless === undefined ? [] : [`${hopeless}.`])] }
}

interface Its {
  readonly command: string
  readonly code: readonly string[]
  readonly notes: readonly string[]
}

function programOf({ command, ...target }: Command, path: string | undefined): Its | { readonly problem: string } {
  const read = readPackageRequest(command, target.args)
  if (!read) return programFound({ command, ...target }, path)
  if ('problem' in read) return { problem: `It is not started: ${read.problem}.` }
  const { wanted, prefersLocal } = read.request
  let local: ReturnType<typeof findLocal>
  try {
    if (prefersLocal) local = findLocal(target.cwd, wanted.name)
  } catch (error) {
    return { problem: `It is not started: ${problemOf(error)}` }
  }
  if (!local)
    return {
      command: process.execPath,
      code: [],
      notes: [`Its code is the package ${showWanted(wanted)}, as it is pinned in sallyport.lock.`],
    }
  const note = `Its code is what ${local.project} has installed as ${wanted.name}, whose bytes are not pinned, unless sallyport.lock pins another.`
  const { notes, ...found } = programFound({ ...target, command: local.command, args: local.args }, path)
  return { ...found, notes: [note, ...notes] }
}

function programFound(command: Command, path: string | undefined): Its {
  const found = findProgram(command, path)
  return found === undefined ? { command: command.command, code: [], notes: ['Its program was not found.'] } : { ...found, notes: [] }
}

const isNotStarted = (name: string, note: string): Explanation => ({
  name,
  depth: 'none',
  reach: undefined,
  notes: [note],
  missing: [],
})
