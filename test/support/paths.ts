// Where things are, whatever folder a test is started from; and the small things every end-to-end test needs: a temporary folder
// and a free port.

import { mkdtemp, rm } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { fileURLToPath } from 'node:url'

export const ROOT: string = fileURLToPath(new URL('../..', import.meta.url))

/** A program of node_modules/.bin, by its full path: the guard runs in a temporary folder. */
export const bin = (name: string): string => join(ROOT, 'node_modules', '.bin', name)

/** Children find the programs of the lock file first, so that `#!/usr/bin/env node` is its Node too. */
export const withBin = (env: Record<string, string | undefined> = {}): NodeJS.ProcessEnv => ({
  ...process.env,
  PATH: `${join(ROOT, 'node_modules', '.bin')}${delimiter}${process.env['PATH'] ?? ''}`,
  ...env,
})

export interface TempDir extends AsyncDisposable {
  readonly path: string
  remove(): Promise<void>
}

export async function createTempDir(label = 'test'): Promise<TempDir> {
  const path = await mkdtemp(join(tmpdir(), `sallyport-${label}-`))
  const remove = (): Promise<void> => rm(path, { recursive: true, force: true, maxRetries: 5, retryDelay: 50 })
  return { path, remove, [Symbol.asyncDispose]: remove }
}

/** A port that was free a moment ago, for programs that cannot be told to take any and say which. */
export async function findFreePort(): Promise<number> {
  const server = createServer()
  await new Promise<void>((resolve, reject) => server.once('error', reject).listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo
  await new Promise((resolve) => server.close(resolve))
  return port
}
