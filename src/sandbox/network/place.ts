/**
 * Where the socket of a sandbox lies: a private folder of its own, which goes with it. What a killed process left is found at the next
 * start: a socket there that nobody listens on.
 *
 * @module
 */

import { chmodSync, mkdtempSync, rmdirSync, unlinkSync, writeFileSync } from 'node:fs'
import { lstat, readdir, rmdir, unlink } from 'node:fs/promises'
import { connect } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { ConfigError } from '../../core/index.ts'

export interface Place {
  readonly socket: string
  /** What the sandbox has as `/etc/hosts`. */
  readonly hosts: string
  close(): void
}

const PREFIX = 'sallyport-net-'
const SOCKET = 'proxy'
const HOSTS = 'hosts'
/** The system's bound of a socket's path, less one for its end. */
const MAX_PATH = process.platform === 'linux' ? 107 : 103
/** What another process is about to listen in. */
const YOUNG_MS = 60_000

let swept: Promise<void> | undefined

/** @throws {ConfigError} where there is no room for it. */
export function createPlace(hosts: string): Place {
  const parent = tmpdir()
  swept ??= sweep(parent).catch(() => {})
  try {
    // Of 0700: nobody but us, and whatever it is mounted into.
    const folder = mkdtempSync(join(parent, PREFIX))
    const place = { socket: join(folder, SOCKET), hosts: join(folder, HOSTS) }
    if (Buffer.byteLength(place.socket) > MAX_PATH) {
      rmdirSync(folder)
      throw Object.assign(new Error('too long'), { code: 'its path is too long' })
    }
    writeFileSync(place.hosts, hosts, { flag: 'wx' })
    chmodSync(place.hosts, 0o644)
    return { ...place, close: () => remove(folder) }
  } catch (error) {
    throw new ConfigError([
      `sandbox: the socket of its network cannot be made in the folder for temporary files (TMPDIR): ${codeOf(error)}`,
    ])
  }
}

/** Without the path, which a message of the system has. */
export const codeOf = (error: unknown): string => (error as { readonly code?: string }).code ?? 'unknown'

function remove(folder: string): void {
  for (const name of [SOCKET, HOSTS]) quietly(() => unlinkSync(join(folder, name)))
  quietly(() => rmdirSync(folder))
}

function quietly(work: () => void): void {
  try {
    work()
  } catch {
    // It is gone already, or somebody put something there that is not ours.
  }
}

/** Only what is ours, what has nothing else in it, and what nobody answers for. */
export async function sweep(parent: string): Promise<void> {
  const names = (await readdir(parent)).filter((name) => name.startsWith(PREFIX))
  await Promise.all(
    names.map(async (name) => {
      const folder = join(parent, name)
      const found = await lstat(folder).catch(() => undefined)
      if (!found?.isDirectory() || found.uid !== process.getuid?.() || found.mtimeMs > Date.now() - YOUNG_MS) return
      if (await isAnswered(join(folder, SOCKET))) return
      await unlink(join(folder, SOCKET)).catch(() => {})
      await unlink(join(folder, HOSTS)).catch(() => {})
      await rmdir(folder).catch(() => {})
    }),
  )
}

const isAnswered = (path: string): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(path)
    socket.once('connect', () => {
      socket.destroy()
      resolve(true)
    })
    socket.once('error', ({ code }: NodeJS.ErrnoException) => resolve(code !== 'ECONNREFUSED' && code !== 'ENOENT'))
  })
