/**
 * What `sallyport.lock` says may be started, for whoever looks after it: looked at, taken anew from the registry, installed again,
 * accepted as it is configured now, forgotten.
 *
 * @module
 */

import type { Clock, Log } from '../../core/index.ts'
import { type Change, changeOf } from './approval.ts'
import type { LockFile } from './lock-file.ts'
import { createNpm, NpmProblem } from './npm.ts'
import { readSpec } from './package-spec.ts'
import { integrityOf, keyOf, type Pin, toNewPin, treeHash, withScripts } from './pin.ts'
import { type Found, publishedAt, resolvePackage } from './resolve.ts'
import { createPackageStore } from './store.ts'
import { TreeProblem } from './tree-digest.ts'
import type { Written } from './written.ts'

/** A package, for a person to read. */
export interface PinView {
  /** `name@1.2.3` */
  readonly package: string
  readonly integrity: string
  /** How many other packages it brings. */
  readonly dependencies: number
  /** Packages that would run something when they are installed, which they do not here. */
  readonly scripts: readonly string[]
}

export interface ServerPin {
  readonly server: string
  /** Of one that is no command. */
  readonly url?: string | undefined
  /** What was accepted of its entry in the configuration, and what is another now. */
  readonly launch?: { readonly accepted: string; readonly changed?: readonly string[] } | undefined
  /** It is in the configuration, and nothing of it was accepted. */
  readonly isNew?: true | undefined
  readonly package?: (PinView & { readonly wants: string; readonly accepted: string; readonly installed: boolean }) | undefined
}

export interface Pins {
  /** Also those of the configuration that are not accepted yet. */
  list(): readonly ServerPin[]
  /** What the registry has now of what a server runs. Undefined: no package is pinned for it. @throws {NpmProblem} */
  look(server: string): Promise<Update | undefined>
  /** Puts the files there as they are pinned, whatever is there. Undefined: no package is pinned for it. */
  install(server: string): Promise<string | undefined>
  /** How a server is started now or where it is, against what was accepted; undefined: nothing has changed. */
  changeOf(server: string): Change | undefined
  accept(server: string): void
  /** False: nothing is known of it. */
  remove(server: string): boolean
}

export interface Update {
  readonly was: PinView
  readonly is: PinView
  /** ISO 8601; undefined where the registry does not say. */
  readonly published: string | undefined
  readonly isSame: boolean
  /** Has the server run that from its next start on. */
  take(): void
}

export interface PinsOptions {
  readonly lock: LockFile
  readonly packagesDir: string
  /** Servers of the configuration, as they are written. */
  readonly written: ReadonlyMap<string, Written>
  readonly log: Log
  readonly clock: Clock
  readonly signal: AbortSignal
  readonly env?: NodeJS.ProcessEnv
}

export const isLaunchProblem = (error: unknown): error is Error => error instanceof NpmProblem || error instanceof TreeProblem

export function toView(pin: Found): PinView {
  return { package: keyOf(pin), integrity: integrityOf(pin), dependencies: Object.keys(pin.tree).length - 1, scripts: withScripts(pin) }
}

export function createPins({ lock, packagesDir, written, log, clock, signal, env = process.env }: PinsOptions): Pins {
  const npm = createNpm({ env, signal })
  const store = createPackageStore({ dir: packagesDir, npm, log, signal, installed: lock.addInstalled })
  const pinOf = (server: string): { readonly wants: string; readonly pin: Pin } | undefined => {
    const used = lock.pinnedFor(server)
    const pin = used && lock.pin(used.uses)
    return used && pin && { wants: used.wants, pin }
  }
  function change(server: string): Change | undefined {
    const is = written.get(server)
    return is && changeOf(lock.launch(server), is)
  }

  return {
    list: () =>
      [...new Set([...lock.servers(), ...written.keys()])].sort().map((server): ServerPin => {
        const launch = lock.launch(server)
        const pinned = pinOf(server)
        const changed = change(server)?.places
        const entry = launch ?? written.get(server)
        return {
          server,
          ...(entry && 'url' in entry && { url: entry.url }),
          ...(launch ? { launch: { accepted: launch.accepted, ...(changed && { changed }) } } : written.has(server) && { isNew: true }),
          ...(pinned && {
            package: { ...toView(pinned.pin), wants: pinned.wants, accepted: pinned.pin.accepted, installed: store.has(pinned.pin) },
          }),
        }
      }),
    async look(server) {
      const pinned = pinOf(server)
      const wanted = pinned && readSpec(pinned.wants)
      if (!wanted || 'problem' in wanted) return undefined
      const found = await resolvePackage(npm, wanted, packagesDir)
      return {
        was: toView(pinned.pin),
        is: toView(found),
        published: await publishedAt(npm, found, packagesDir),
        isSame: treeHash(found) === treeHash(pinned.pin),
        take: () => lock.usePin(server, pinned.wants, toNewPin(found, clock)),
      }
    },
    async install(server) {
      const pinned = pinOf(server)
      if (!pinned) return undefined
      store.remove(pinned.pin)
      return store.ready(() => lock.pin(keyOf(pinned.pin)) ?? pinned.pin)
    },
    changeOf: change,
    accept(server) {
      const is = written.get(server)
      if (is) lock.acceptLaunch(server, { ...is, accepted: new Date(clock()).toISOString() })
    },
    remove(server) {
      const isKnown = lock.servers().includes(server)
      if (isKnown) for (const pin of lock.forget(server)) store.remove(pin)
      return isKnown
    },
  }
}
