/**
 * What callers have put here to refer to it: sealed, in parts as it comes, for its owner alone and for a while. Whoever else asks for it is
 * told what they would be told of something that never was.
 *
 *   begin ─▶ append … ─▶ whole: can be found ─▶ expires, or is removed
 *
 * Bounded for each owner, by number and by bytes. Fails closed: what is not whole is not there, over a bound nothing is kept.
 *
 * @module
 */

import { allow, type Clock, createId, type Decision, type Denial, deny, type Principal, principalKey, subjectOf } from '../../core/index.ts'
import type { Store } from '../../storage/index.ts'
import { createSealedParts, type PartsOf, type Vault } from '../../vault/index.ts'

export interface KeptBounds {
  /** Things of one owner that are kept at once. */
  readonly stored: number
  /** What they may come to, sealed. */
  readonly storedBytes: number
  /** The largest. */
  readonly maxBytes: number
  /** How long something is kept whose owner does not say, and how long at most. */
  readonly ttlSeconds: number
  readonly maxTtlSeconds: number
}

export interface KeptOptions {
  readonly store: Store
  readonly vault: Vault
  /** Of this Sallyport, in its URIs. */
  readonly instance: string
  readonly bounds: KeptBounds
  /** What all parts have but the last. */
  readonly partBytes: number
  readonly clock: Clock
}

export interface About {
  readonly mimeType: string
  readonly name: string | undefined
  readonly ttlSeconds: number | undefined
}
/** `offset`: where it begins. `isLast`: it is whole with this. */
export interface Part {
  readonly offset: number
  readonly bytes: Uint8Array
  readonly isLast: boolean
}

/** What has become of one that is being put. */
export interface Receipt {
  readonly uri: string
  /** Bytes so far. */
  readonly size: number
  readonly isWhole: boolean
  readonly expiresAt: number
}

export interface KeptResource extends Pick<Receipt, 'uri' | 'size' | 'expiresAt'>, Pick<About, 'mimeType' | 'name'> {
  /** Undefined: it is gone meanwhile. Within its size. */
  read(offset: number, length: number): Promise<Buffer | undefined>
}

export interface KeptResources {
  /** What the URIs of all of them begin with. */
  readonly prefix: string
  isOurs(uri: string): boolean
  begin(principal: Principal, about: About, part: Part): Promise<Decision<Receipt>>
  append(principal: Principal, uri: string, part: Part): Promise<Decision<Receipt>>
  find(uri: string, principal: Principal): Promise<KeptResource | undefined>
  /** False: there is no such thing of this owner's. */
  remove(uri: string, principal: Principal): Promise<boolean>
  /** Removes what was begun here and left. */
  sweep(): Promise<void>
}

interface State extends Pick<About, 'mimeType' | 'name'> {
  readonly owner: string
  readonly subject: string
  readonly size: number
  readonly parts: number
  readonly partBytes: number
  readonly isWhole: boolean
  readonly expiresAt: number
}
interface Kept {
  readonly sealed: string
  /** Whose data key it is sealed with. */
  readonly subject: string
}

/** From one part to the next. */
const PATIENCE_MS = 600_000
const ID_CHARACTERS = 26
const NO_SUCH: Denial = { reason: 'unknown_name', kind: 'resource' }
const KIND = 'kept_resource'

export function createKeptResources({ store, vault, instance, bounds, partBytes, clock }: KeptOptions): KeptResources {
  const records = store.records<Kept>(KIND)
  const parts = createSealedParts({ store, vault })
  const prefix = `sallyport://${instance}/resources/`
  /** Begun in this process and not whole yet. One that is begun and whose process ends is not there; its parts expire. */
  const open = new Map<string, { parts: number; until: number }>()

  /** Counted for a person, whichever credential it is. */
  const groupOf = (subject: string): string => `resources ${subject}`
  const partsOf = (id: string, { subject }: Pick<State, 'subject'>): PartsOf => ({ id: `resources/${id}`, subject })
  const place = (id: string, subject: string) => ({ kind: KIND, id, field: 'sealed', subject })
  const optionsOf = ({ subject, isWhole, expiresAt }: State) => ({
    group: groupOf(subject),
    expiresAt: isWhole ? expiresAt : Math.min(expiresAt, clock() + PATIENCE_MS),
  })
  const seal = async (id: string, state: State): Promise<Kept> => ({
    sealed: await vault.seal(JSON.stringify(state), place(id, state.subject)),
    subject: state.subject,
  })
  const receiptOf = (id: string, { size, isWhole, expiresAt }: State): Receipt => ({ uri: prefix + id, size, isWhole, expiresAt })

  /** Undefined: there is none, or it is somebody else's. */
  async function load(uri: string, principal: Principal) {
    const id = uri.slice(prefix.length)
    if (!uri.startsWith(prefix) || id.length !== ID_CHARACTERS) return undefined
    const found = await records.get(id)
    const opened = found && (await vault.open(found.value.sealed, place(id, found.value.subject)))
    const state = opened && (JSON.parse(opened.toString('utf8')) as State)
    return state?.owner === principalKey(principal) ? { id, state, version: found?.version as number } : undefined
  }

  function problemWith(part: Part, { size, partBytes: each }: Pick<State, 'size' | 'partBytes'>): Denial | undefined {
    const { offset, bytes, isLast } = part
    if (offset !== size) return invalid(`params.offset must be ${size}: so much is here.`)
    if (bytes.length > each || (!isLast && bytes.length !== each))
      return invalid(`Each part but the last must have ${each} bytes, and the last no more.`)
    if (size + bytes.length > bounds.maxBytes) return invalid(`What is put here has at most ${bounds.maxBytes} bytes.`)
    return undefined
  }

  async function hasRoom(subject: string, bytes: number): Promise<boolean> {
    return (await parts.usage(groupOf(subject))).bytes + bytes * SEALED <= bounds.storedBytes
  }

  async function putPart(id: string, state: State, { bytes, isLast }: Part): Promise<State> {
    const { subject, expiresAt } = state
    // The last of a whole number of parts is empty: there is nothing to keep of it.
    if (bytes.length > 0) await parts.put(partsOf(id, state), state.parts, bytes, { group: groupOf(subject), expiresAt })
    const next = { ...state, size: state.size + bytes.length, parts: state.parts + (bytes.length > 0 ? 1 : 0), isWhole: isLast }
    if (isLast) open.delete(id)
    else open.set(id, { parts: next.parts, until: clock() + PATIENCE_MS })
    return next
  }

  async function forget(id: string, count: number): Promise<void> {
    open.delete(id)
    await parts.remove({ id: `resources/${id}` }, count)
  }

  return {
    prefix,
    isOurs: (uri) => uri.startsWith(prefix),
    async begin(principal, { mimeType, name, ttlSeconds = Math.min(bounds.ttlSeconds, bounds.maxTtlSeconds) }, part) {
      if (ttlSeconds > bounds.maxTtlSeconds) return deny(invalid(`params.ttlSeconds must be at most ${bounds.maxTtlSeconds}.`))
      const subject = subjectOf(principal)
      const expiresAt = clock() + ttlSeconds * 1000
      const initial: State = {
        owner: principalKey(principal),
        subject,
        mimeType,
        name,
        size: 0,
        parts: 0,
        partBytes,
        isWhole: false,
        expiresAt,
      }
      const problem = problemWith(part, initial)
      if (problem) return deny(problem)
      if ((await records.usage(groupOf(subject))).count >= bounds.stored)
        return deny(overloaded(`This caller keeps ${bounds.stored} resources here already: delete one, or wait until one expires.`))
      if (!(await hasRoom(subject, part.bytes.length))) return deny(overloaded(FULL))
      const id = createId('', ID_CHARACTERS)
      const state = await putPart(id, initial, part)
      if (!(await records.putIfAbsent(id, await seal(id, state), optionsOf(state)))) throw new Error('an id was made twice')
      return allow(receiptOf(id, state))
    },
    async append(principal, uri, part) {
      const found = await load(uri, principal)
      if (!found || found.state.isWhole) return deny(NO_SUCH)
      const { id, state, version } = found
      const problem = problemWith(part, state)
      if (problem) return deny(problem)
      if (!(await hasRoom(state.subject, part.bytes.length))) return deny(overloaded(FULL))
      const next = await putPart(id, state, part)
      if (!(await records.compareAndSet(id, version, await seal(id, next), optionsOf(next))))
        return deny(invalid('Parts of one resource are put one after the other.'))
      return allow(receiptOf(id, next))
    },
    async find(uri, principal) {
      const found = await load(uri, principal)
      if (!found?.state.isWhole) return undefined
      const { id, state } = found
      const { mimeType, name, size, partBytes: each, expiresAt } = state
      return { uri, mimeType, name, size, expiresAt, read: (offset, length) => parts.read(partsOf(id, state), each, offset, length) }
    },
    async remove(uri, principal) {
      const found = await load(uri, principal)
      if (!found || !(await records.takeOnce(found.id))) return false
      await forget(found.id, found.state.parts)
      return true
    },
    async sweep() {
      const now = clock()
      for (const [id, { parts: count, until }] of open) {
        // As long as it is there, somebody else has gone on with it, or made it whole.
        if (now < until || (await records.get(id))) continue
        await forget(id, count)
      }
    },
  }
}

/** Base64 has four characters for three bytes. */
const SEALED = 4 / 3
const FULL = 'What this caller keeps here is as large as it may be: delete some of it, or wait until it expires.'
const invalid = (problem: string): Denial => ({ reason: 'invalid_params', problem })
const overloaded = (problem: string): Denial => ({ reason: 'overloaded', problem })
