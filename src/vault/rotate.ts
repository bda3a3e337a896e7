/**
 * The master key is replaced while everything goes on. Each step can be done again: whoever is killed in between has lost nothing, the
 * next run ends it, and at no moment is there data that the keys of that moment do not open.
 *
 *   a new key is there, too → the root is wrapped with both → every data key is wrapped with the new one → the root with it alone
 *   → the old key is taken out → what was wrapped meanwhile
 *
 * In the end new data keys are begun: who has an old copy of everything with its old master key opens nothing that is sealed later.
 *
 * @module
 */

import { setTimeout as delay } from 'node:timers/promises'
import { ConfigError } from '../core/index.ts'
import { allRecords } from '../storage/index.ts'
import { type DataKeyRecords, ROOT_ID } from './data-key-record.ts'
import type { KeyWrapper } from './key-wrapper.ts'
import { rewrapRecord, wrapAnew } from './rewrap.ts'

export interface RotateOptions {
  readonly records: DataKeyRecords
  readonly scrub: () => Promise<void>
  /** Wraps with the new key, and unwraps with the old one too. */
  readonly wrapper: KeyWrapper
  /** The new key is in its place: what else is sealed with the old one is sealed anew, and the old one is taken out. */
  readonly settle: (keyId: string) => Promise<void>
  readonly progress?: ((done: number, all: number) => void) | undefined
}

export interface Rotated {
  readonly keyId: string
  readonly rewrapped: number
}

const AT_ONCE = 100
/** A server that was just wrapping with the old key has put that in its place by then, and has seen that there is another. */
const SETTLED_MS = 300

/** @throws {ConfigError} where something is wrapped with a key that is not here: nothing was taken out then. */
export async function rotateMaster({ records, scrub, wrapper, settle, progress }: RotateOptions): Promise<Rotated> {
  const keyId = await wrapper.current()
  await addToRoot(records, wrapper, keyId)
  let rewrapped = await rewrapAll(records, wrapper, keyId, progress)
  await turnRoot(records, keyId)
  await scrub()
  await settle(keyId)
  await delay(SETTLED_MS)
  rewrapped += await rewrapAll(records, wrapper, keyId)
  await scrub()
  return { keyId, rewrapped }
}

/** From here on only who has both keys starts. */
async function addToRoot(records: DataKeyRecords, wrapper: KeyWrapper, keyId: string): Promise<void> {
  for (;;) {
    const root = await requireRoot(records)
    if (root.value.keyId === keyId || root.value.also?.keyId === keyId) return
    const also = await wrapAnew(wrapper, root.value, ROOT_ID)
    if (also === undefined) throw missing(root.value.keyId)
    if (await records.compareAndSet(ROOT_ID, root.version, { ...root.value, also })) return
  }
}

/** And new data keys from here on. */
async function turnRoot(records: DataKeyRecords, keyId: string): Promise<void> {
  for (;;) {
    const root = await requireRoot(records)
    const { also, generation = 1, ...value } = root.value
    if (value.keyId === keyId && also === undefined) return
    const wrapped = also?.keyId === keyId ? also : value
    if (await records.compareAndSet(ROOT_ID, root.version, { ...value, ...wrapped, generation: generation + 1 })) return
  }
}

/** Until there is none left: a server makes others meanwhile. */
async function rewrapAll(
  records: DataKeyRecords,
  wrapper: KeyWrapper,
  keyId: string,
  progress?: RotateOptions['progress'],
): Promise<number> {
  let done = 0
  for (;;) {
    // By hand, or by the service: with the one that this began with, there would be no end.
    if ((await wrapper.current()) !== keyId) throw new ConfigError([CHANGED])
    const left: string[] = []
    for await (const { id, value } of allRecords(records)) {
      if (id !== ROOT_ID && value.keyId !== keyId) left.push(id)
    }
    if (left.length === 0) return done
    const all = done + left.length
    for (let at = 0; at < left.length; at += AT_ONCE) {
      const some = left.slice(at, at + AT_ONCE)
      await Promise.all(some.map((id) => rewrapRecord(records, id, wrapper)))
      done += some.length
      progress?.(done, all)
    }
  }
}

async function requireRoot(records: DataKeyRecords) {
  const root = await records.get(ROOT_ID)
  if (root === undefined) throw new Error('the root of the data keys went away')
  return root
}

const CHANGED = 'There is another master key by now than when this began. Nothing is lost: run it again.'
const missing = (keyId: string): ConfigError =>
  new ConfigError([
    `The data is sealed under the master key ${keyId}, which is not here. Keep it beside the new one until all is wrapped anew.`,
  ])
