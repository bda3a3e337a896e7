/**
 * Packages as they were pinned, installed once, outside any sandbox, each in a folder of its own below the data directory. What is
 * started later are these files, and no others: they are looked at before each start.
 *
 *   ready ─ is it there? ─ no ─▶ install beside ─▶ what do its files come to? ─▶ rename into place ─┐
 *             └─ yes ─▶ what do its files come to? ─────────────────────────────────────────────────┴▶ the folder
 *
 * Fails closed: files that do not come to what was pinned are not started, and an installation that was interrupted never has the name
 * of one that was not.
 *
 * @module
 */

import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import type { Log } from '../../core/index.ts'
import { takeLock } from '../../storage/index.ts'
import { requireOurs } from '../../vault/index.ts'
import type { Npm } from './npm.ts'
import { keyOf, type Pin, thisPlatform, treeHash, withScripts } from './pin.ts'
import { digestTree, TreeProblem } from './tree-digest.ts'

export interface PackageStoreOptions {
  readonly dir: string
  readonly npm: Npm
  readonly log: Log
  readonly signal: AbortSignal
  /** What the files of `name@version` come to on this platform, told once: before they can be started. */
  readonly installed: (key: string, platform: string, digest: string) => void
}

export interface PackageStore {
  /** The folder with its files, which are as they were pinned. `pin`: as it is now. @throws {NpmProblem | TreeProblem} */
  ready(pin: () => Pin): Promise<string>
  /** Whether it is there, as it is or not. */
  has(pin: Pin): boolean
  remove(pin: Pin): void
}

const LOCK_EVERY_MS = 100

export function createPackageStore({ dir, npm, log, signal, installed }: PackageStoreOptions): PackageStore {
  const folderOf = (pin: Pin): string => join(dir, `${keyOf(pin).replaceAll('/', '+')}-${treeHash(pin)}`)
  /** Several processes of one server may start at once. */
  const under = new Map<string, Promise<string>>()

  async function look(given: () => Pin): Promise<string> {
    mkdirSync(dir, { recursive: true, mode: 0o700 })
    requireOurs(dir, 'Remove it: packages are installed again from what is pinned.')
    if (isKnown(given())) return checked(given())
    // What another process has installed meanwhile is known by then.
    return alone(() => (isKnown(given()) ? checked(given()) : install(given())))
  }

  /** There, and with a hash to compare: without one nobody can tell whether it is what npm put there. */
  const isKnown = (pin: Pin): boolean => pin.installed[thisPlatform()] !== undefined && existsSync(folderOf(pin))

  async function checked(pin: Pin): Promise<string> {
    const folder = folderOf(pin)
    requireOurs(folder, 'Remove it: it is installed again from what is pinned.')
    const { digest } = await digestTree(folder, { signal })
    if (digest === pin.installed[thisPlatform()]) return folder
    throw new TreeProblem(
      `the installed files of ${keyOf(pin)} are not those that were pinned: somebody changed them. To install them again: sallyport pin install`,
    )
  }

  /** One process at a time, whoever started it. */
  async function alone<T>(work: () => Promise<T>): Promise<T> {
    let said = false
    for (;;) {
      const release = takeLock(join(dir, 'install.lock'))
      if (release) {
        try {
          return await work()
        } finally {
          release()
        }
      }
      if (!said) log('info', 'another process installs a package; waiting for it')
      said = true
      await delay(LOCK_EVERY_MS, undefined, { signal })
    }
  }

  async function install(pin: Pin): Promise<string> {
    const folder = folderOf(pin)
    // Nobody else installs now: these were interrupted.
    for (const name of readdirSync(dir)) if (name.startsWith('.new-')) remove(join(dir, name))
    const since = performance.now()
    log('info', `installing ${keyOf(pin)} and what it depends on, as they are pinned`, { packages: Object.keys(pin.tree).length })
    const fresh = mkdtempSync(join(dir, '.new-'))
    try {
      const manifest = { private: true, dependencies: { [pin.name]: pin.version } }
      writeFileSync(join(fresh, 'package.json'), `${JSON.stringify(manifest)}\n`)
      writeFileSync(
        join(fresh, 'package-lock.json'),
        JSON.stringify({ lockfileVersion: 3, requires: true, packages: { '': manifest, ...pin.tree } }),
      )
      await npm.run(['ci', '--include=prod', '--include=optional', '--include=peer', '--omit=dev'], fresh)
      requireHashes(pin, fresh)
      // Where each came from is another thing on another machine.
      for (const name of ['package-lock.json', join('node_modules', '.package-lock.json')]) rmSync(join(fresh, name), { force: true })
      const { digest, files } = await digestTree(fresh, { signal, settle: true })
      const platform = thisPlatform()
      const pinned = pin.installed[platform]
      if (pinned !== undefined && pinned !== digest)
        throw new TreeProblem(
          `what npm installs of ${keyOf(pin)} is not what was pinned on another machine of this kind (${platform}). If that is meant: sallyport pin update`,
        )
      // First what it must be, then the files: an interruption in between leaves nothing that is not known.
      if (pinned === undefined) installed(keyOf(pin), platform, digest)
      remove(folder)
      renameSync(fresh, folder)
      log('info', `installed ${keyOf(pin)}`, { files, ms: Math.round(performance.now() - since) })
      const scripts = withScripts(pin)
      if (scripts.length > 0)
        log('warn', `${keyOf(pin)}: install scripts were not run, so that what they build may be missing`, { packages: scripts.join(', ') })
      return folder
    } finally {
      remove(fresh)
    }
  }

  return {
    ready(pin) {
      const folder = folderOf(pin())
      let looking = under.get(folder)
      if (!looking) under.set(folder, (looking = look(pin).finally(() => under.delete(folder))))
      return looking
    },
    has: (pin) => existsSync(folderOf(pin)),
    remove: (pin) => remove(folderOf(pin)),
  }
}

const remove = (folder: string): void => rmSync(folder, { recursive: true, force: true, maxRetries: 3 })

/**
 * What came in another's archive has the hash of that. Whether it did is npm's word: a lock file that says so of something else would have
 * it fetched, whatever it is by now.
 */
function requireHashes(pin: Pin, folder: string): void {
  const without = Object.keys(pin.tree).filter((place) => pin.tree[place]?.integrity === undefined)
  if (without.length === 0) return
  const said = JSON.parse(readFileSync(join(folder, 'node_modules', '.package-lock.json'), 'utf8')) as {
    readonly packages?: Readonly<Record<string, { readonly inBundle?: boolean }>>
  }
  for (const place of without)
    if (existsSync(join(folder, place)) && said.packages?.[place]?.inBundle !== true)
      throw new TreeProblem(`what is pinned of ${keyOf(pin)} has a package in it that nothing vouches for: sallyport.lock was changed`)
}
