// Runs the official suite against one URL, or against one client, and reads what it found, check by check, from the `checks.json` that it
// writes for each scenario. Its exit code is not used: it says nothing of checks that were skipped, nor of the scenarios without a score.

import { existsSync } from 'node:fs'
import { readdir, readFile } from 'node:fs/promises'
import { join, relative } from 'node:path'
import { parse } from 'yaml'
import { createTempDir, ROOT, run, type Version } from '../support/index.ts'

const SUITE = join(ROOT, 'node_modules', '@modelcontextprotocol', 'conformance')
export const PROGRAM: string = join(SUITE, 'dist', 'index.js')
const TURN = join(ROOT, 'test', 'conformance', 'client', 'turn.ts')
/** Of all its scenarios together. */
const TIME_LIMIT_MS = 170_000

export interface Check {
  readonly id: string
  /** Tells apart checks of one id. */
  readonly name?: string
  readonly status: 'SUCCESS' | 'FAILURE' | 'WARNING' | 'SKIPPED' | 'INFO'
  readonly errorMessage?: string
}

/** Scenario → its checks, in the order in which the suite ran them. */
export type Results = ReadonlyMap<string, readonly Check[]>

/** The scenarios that a revision scores, and those that the suite only reports, each with the suite's reason. */
export interface Requirements {
  readonly scored: readonly string[]
  readonly unscored: ReadonlyMap<string, string>
}

export async function loadRequirements(revision: Version, leg: 'server' | 'client' = 'server'): Promise<Requirements> {
  const file = parse(await readFile(join(SUITE, 'requirements', `${revision}.yaml`), 'utf8')) as {
    server: string[]
    client: string[]
    not_scored: { scenario: string; leg: string; reason: string }[]
  }
  const unscored = file.not_scored.filter((entry) => entry.leg === leg).map((entry) => [entry.scenario, entry.reason] as const)
  return { scored: file[leg], unscored: new Map(unscored) }
}

export const runSuite = (url: string, revision: Version): Promise<Results> =>
  runIntoFolder(['server', '--url', url, '--requirements', revision, '--timeout', '10000'], 'server-')

/** `which`: the scenarios of a revision, or all that the suite has. It starts `program` once for each, or for `scenario` alone. */
export async function runClientSuite(program: string, which: Version | 'all', scenario?: string): Promise<Results> {
  await using turns = await createTempDir('conformance-turns')
  const command = [process.execPath, TURN, turns.path, program].map((part) => `"${part}"`).join(' ')
  const many = which === 'all' ? ['--suite', 'all'] : ['--requirements', which]
  const one = ['--scenario', scenario ?? '', ...(which === 'all' ? [] : ['--spec-version', which, '--force'])]
  // Its timeout counts from the start of the program, which then waits for its turn.
  return await runIntoFolder(['client', '--command', command, '--timeout', '75000', ...(scenario === undefined ? many : one)], '')
}

async function runIntoFolder(args: readonly string[], prefix: string): Promise<Results> {
  await using folder = await createTempDir('conformance')
  const { stdout, stderr } = await run(process.execPath, [PROGRAM, ...args, '-o', folder.path], { timeoutMs: TIME_LIMIT_MS })
  const found = await readResults(folder.path, prefix)
  if (found.size === 0) throw new Error(`the suite ran no scenario\n${stdout}\n${stderr}`)
  return found
}

/**
 * What the suite has written into the folder that it was given, in folders of the name <prefix><scenario>-<ISO time, its colons and dots as
 * dashes>. A scenario with a slash in its name is a folder in a folder.
 */
export async function readResults(folder: string, prefix: string): Promise<Results> {
  const found = new Map<string, Check[]>()
  const written = await readdir(folder, { recursive: true, withFileTypes: true })
  for (const name of written.filter((entry) => entry.isDirectory()).map((entry) => relative(folder, join(entry.parentPath, entry.name)))) {
    const scenario = new RegExp(`^${prefix}(.+)-\\d{4}-\\d\\d-\\d\\dT[\\dZ-]+$`).exec(name)?.[1]
    if (scenario !== undefined) found.set(scenario, await readChecks(join(folder, name, 'checks.json')))
    else if (!written.some((entry) => relative(folder, entry.parentPath) === name && entry.isDirectory()))
      throw new Error(`the suite wrote a folder that is not one of a scenario: ${name}`)
  }
  return found
}

/** A scenario that crashed has a folder, and nothing in it. */
async function readChecks(file: string): Promise<Check[]> {
  return existsSync(file) ? (JSON.parse(await readFile(file, 'utf8')) as Check[]) : []
}
