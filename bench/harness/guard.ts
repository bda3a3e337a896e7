/** `sallyport guard` as a user starts it, in a data directory of its own. @module */

import { spawnSync } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Credentials } from '../peers/serve.ts'
import { freePort, type Program, runToEnd } from './child.ts'

const file = (path: string): string => fileURLToPath(new URL(`../../${path}`, import.meta.url))

export interface Build {
  readonly from: 'dist' | 'src'
  /** What is given to Node. */
  readonly program: string
}

let build: Build = { from: 'src', program: file('bin/sallyport.js') }
export const currentBuild = (): Build => build

/** Builds the package, so that what starts is what a user has: stripping types costs time and memory. Where it does not compile, the sources. */
export function buildPackage(): Build {
  const { status } = spawnSync(file('node_modules/.bin/tsc'), ['-b'], { cwd: file(''), timeout: 300_000, stdio: 'ignore' })
  if (status === 0) build = { from: 'dist', program: file('dist/cli/main.js') }
  return build
}

// Every limit counts, and is too high to be reached.
const limit = { max: 10_000_000, windowSeconds: 60 }
const config = JSON.stringify({ limits: { address: limit, principal: limit, client: limit, tool: limit }, log: 'warn' })

/** `upstream`: a URL, or `--` and a command. */
export async function guardProgram(directory: string, upstream: readonly string[], port?: number): Promise<Program> {
  const configFile = join(directory, 'sallyport.yaml')
  writeFileSync(configFile, config)
  const chosen = port ?? (await freePort())
  return {
    args: [build.program, 'guard', '--port', String(chosen), '--data-dir', directory, '--config', configFile, '--ready-json', ...upstream],
  }
}

/** A key that may call the upstream's tool, and one that may only read. */
export async function createKeys(directory: string): Promise<Credentials> {
  const [able, powerless] = await Promise.all(['tools:execute', 'tools:read'].map((scope) => createKey(directory, scope)))
  if (!able || !powerless) throw new Error('no key')
  return { able: { authorization: `Bearer ${able}` }, powerless: { authorization: `Bearer ${powerless}` } }
}

async function createKey(directory: string, scope: string): Promise<string> {
  const args = [build.program, 'key', 'create', '--name', `bench-${scope.slice(6)}`, '--scope', scope, '--data-dir', directory, '--json']
  return JSON.parse(await runToEnd({ args })).key
}
