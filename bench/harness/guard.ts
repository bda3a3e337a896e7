/** `sallyport guard` as a user starts it, in a data directory of its own. @module */

import { execFile } from 'node:child_process'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import type { Credentials } from '../peers/serve.ts'
import { freePort, type Program } from './child.ts'

export const sallyport: string = fileURLToPath(new URL('../../bin/sallyport.js', import.meta.url))

// Every limit counts, and is too high to be reached.
const limit = { max: 10_000_000, windowSeconds: 60 }
const config = JSON.stringify({ limits: { address: limit, principal: limit, client: limit, tool: limit }, log: 'warn' })

/** `upstream`: a URL, or `--` and a command. */
export async function guardProgram(directory: string, upstream: readonly string[], port?: number): Promise<Program> {
  const file = join(directory, 'sallyport.yaml')
  writeFileSync(file, config)
  const chosen = port ?? (await freePort())
  return { args: [sallyport, 'guard', '--port', String(chosen), '--data-dir', directory, '--config', file, '--ready-json', ...upstream] }
}

/** A key that may call the upstream's tool, and one that may only read. */
export async function createKeys(directory: string): Promise<Credentials> {
  const [able, powerless] = await Promise.all(['tools:execute', 'tools:read'].map((scope) => createKey(directory, scope)))
  if (!able || !powerless) throw new Error('no key')
  return { able: { authorization: `Bearer ${able}` }, powerless: { authorization: `Bearer ${powerless}` } }
}

async function createKey(directory: string, scope: string): Promise<string> {
  const args = [sallyport, 'key', 'create', '--name', `bench-${scope.slice(6)}`, '--scope', scope, '--data-dir', directory, '--json']
  const { stdout } = await promisify(execFile)(process.execPath, args, { timeout: 20_000 })
  return JSON.parse(stdout).key
}
