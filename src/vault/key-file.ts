/**
 * The file that holds the master keys. Made at first start: complete, on disk and private before it has its name, so that
 * two processes that start at once end with one key, and a crash leaves none or a whole one.
 *
 * Refuses (ConfigError) what others could read or change, and what is not keys; says what to do, never what is in it.
 *
 * @module
 */

import { closeSync, fstatSync, fsyncSync, mkdirSync, openSync, readFileSync, writeSync } from 'node:fs'
import { dirname } from 'node:path'
import { ConfigError, writePrivateFile } from '../core/index.ts'
import { createMasterKey, formatKey, type MasterKey, parseKeys } from './keys.ts'

export type Keys = readonly [MasterKey, ...MasterKey[]]

const HEAD = `# Sallyport's master keys. Whoever has them can open every secret stored beside this file: keep a copy in a safe place, apart from
# copies of the rest. Newest first: the first wraps, all of them open. \`sallyport keys rotate\` puts a new one above the others and takes
# those out. Without them, what was sealed is lost.
`

/** Our own file: nobody but its owner may touch it. */
export const loadOwnKeyFile = (file: string): Keys | undefined => readKeys(file, 0o077, '600')

export const loadOrCreateKeyFile = (file: string): Keys => loadOwnKeyFile(file) ?? createKeyFile(file)

/** A file that the operator mounts: a group may read it (that is how orchestrators hand it to a process that is not root). */
export function loadKeyFile(file: string): Keys {
  const keys = readKeys(file, 0o037, '640')
  if (keys === undefined) throw new ConfigError([`${file}: does not exist. SALLYPORT_MASTER_KEY_FILE names a file with the master key.`])
  return keys
}

/** One more, above the others: comments stay where they are. The file is replaced, so that nobody reads half of it. */
export function addKeyToFile(file: string): void {
  loadOrCreateKeyFile(file)
  const lines = readFileSync(file, 'utf8').split('\n')
  const first = lines.findIndex((line) => line.trim() !== '' && !line.trim().startsWith('#'))
  const text = lines.toSpliced(first, 0, formatKey(createMasterKey())).join('\n')
  try {
    writePrivateFile(file, text, { first: false })
  } catch (error) {
    throw new ConfigError([`${file}: a new master key cannot be added (${(error as NodeJS.ErrnoException).code}). The old one stays.`])
  }
}

/**
 * Takes out what is below the key of that id. What another process has put above it meanwhile stays.
 *
 * @throws {ConfigError} where it cannot be written: then all of them are still there.
 */
export function dropKeysBelow(file: string, id: string): void {
  const before = readFileSync(file, 'utf8')
  const keys = requireKeys(before, file)
  const at = keys.findIndex((key) => key.id === id)
  if (at === -1 || at === keys.length - 1) return
  const comments = before.split('\n').filter((line) => line.trim().startsWith('#'))
  const text = [...comments, ...keys.slice(0, at + 1).map(formatKey), ''].join('\n')
  let old: number | undefined
  try {
    old = openSync(file, 'r+')
    if (readFileSync(file, 'utf8') !== before) return dropKeysBelow(file, id)
    writePrivateFile(file, text, { first: false })
    // The blocks that the old ones stood in.
    writeSync(old, Buffer.alloc(Buffer.byteLength(before)), 0, undefined, 0)
    fsyncSync(old)
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError([
      `${file}: the old master keys cannot be taken out (${(error as NodeJS.ErrnoException).code}). They are still there.`,
    ])
  } finally {
    if (old !== undefined) closeSync(old)
  }
}

/** A file with a secret of the operator's. @throws {ConfigError} where it is not there, or others can read it. */
export function readSecretFile(file: string, what: string): string {
  const text = readPrivate(file, 0o037, '640', what)
  if (text === undefined) throw new ConfigError([`${file}: does not exist. It is to have the ${what}.`])
  return text
}

function readKeys(file: string, forbiddenMode: number, fix: string): Keys | undefined {
  const text = readPrivate(file, forbiddenMode, fix, 'master key')
  return text === undefined ? undefined : requireKeys(text, file)
}

function readPrivate(file: string, forbiddenMode: number, fix: string, what: string): string | undefined {
  let fd: number
  try {
    fd = openSync(file, 'r')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw new ConfigError([`${file}: the ${what} cannot be read (${code}). Check who owns it.`])
  }
  try {
    // Of what was opened, not of what the name says by now.
    const { mode } = fstatSync(fd)
    if (process.platform !== 'win32' && (mode & forbiddenMode) !== 0)
      throw new ConfigError([
        `${file}: others can read or change the ${what} (mode ${(mode & 0o777).toString(8)}). Run: chmod ${fix} '${file}'`,
      ])
    return readFileSync(fd, 'utf8')
  } catch (error) {
    if (error instanceof ConfigError) throw error
    throw new ConfigError([`${file}: the ${what} cannot be read (${(error as NodeJS.ErrnoException).code}). It must be a file.`])
  } finally {
    closeSync(fd)
  }
}

/** @param source what is named in the error: a file or a variable. */
export function requireKeys(text: string, source: string): Keys {
  const keys = parseKeys(text)
  if (keys === undefined)
    throw new ConfigError([
      `${source}: is not a master key. It takes 32 random bytes in base64 or hex, newest first where there are several. Where there is data already, put the one back that it is sealed under; a first one is made with: openssl rand -base64 32`,
    ])
  return keys as Keys
}

function createKeyFile(file: string): Keys {
  try {
    mkdirSync(dirname(file), { recursive: true, mode: 0o700 })
    writePrivateFile(file, `${HEAD}${formatKey(createMasterKey())}\n`, { first: true })
  } catch (error) {
    throw new ConfigError([
      `${file}: the master key cannot be made (${(error as NodeJS.ErrnoException).code}). Use a data directory that you own, or set SALLYPORT_MASTER_KEY_FILE.`,
    ])
  }
  return loadOwnKeyFile(file) as Keys
}
