/**
 * What the client remembers of tools with encrypted fields, so that nobody in between can be put in the server's place later: the identity
 * that vouches for the keys, what the server itself calls the tool, which fields are encrypted, and as whom the server sees the caller.
 *
 * Whoever comes first is believed. Fails closed: a store that cannot be read or written, or a record that cannot be understood, is an
 * error of the call.
 *
 * @module
 */

import { z } from 'zod'
import type { Clock } from '../../core/index.ts'
import { TokenStoreError, TransportError } from '../errors.ts'
import { createDailyUse } from '../store/daily-use.ts'
import { MAX_VALUE_BYTES, type TokenStore } from '../store/token-store.ts'

export interface SealingPin {
  /** The server's own name of the tool: a gateway may have given it another. */
  readonly tool: string
  /** The thumbprint of the key that vouches for the server's keys (RFC 7638). */
  readonly identity: string
  /** JSON Pointers. */
  readonly arguments: readonly string[]
  readonly result: readonly string[]
  /** As whom the server sees the caller, by what the caller signs in with. */
  readonly principals: Readonly<Record<string, string>>
}

export type SealingPins = ReadonlyMap<string, SealingPin>

export interface SealingPinKeeper {
  /** What was read or written last; the store is asked once. */
  load(): Promise<SealingPins>
  /** `next` decides by what is there now, which another process may have written; undefined removes it. It may throw. */
  change(tool: string, next: (pin: SealingPin | undefined) => SealingPin | undefined): Promise<void>
}

export interface SealingPinsOptions {
  readonly store: TokenStore
  /** What the record is called. */
  readonly name: string
  /** What the server is called in sentences. */
  readonly server: string
  readonly clock: Clock
}

const MAX_PRINCIPALS = 20
const text = z.string().max(2048)
const pin: z.ZodType<SealingPin> = z.strictObject({
  tool: text,
  identity: text,
  arguments: z.array(text),
  result: z.array(text),
  principals: z.record(text, text),
})
const record = z.strictObject({ v: z.literal(1), tools: z.array(z.tuple([text, pin])) })

export function createSealingPins({ store, name, server, clock }: SealingPinsOptions): SealingPinKeeper {
  const use = createDailyUse(store, [name], clock)
  let loaded: Promise<SealingPins> | undefined

  async function read(): Promise<Map<string, SealingPin>> {
    const kept = await store.read(name)
    if (kept === undefined) return new Map()
    const parsed = record.safeParse(parse(kept))
    if (!parsed.success)
      throw new TokenStoreError('store_unreadable', `What is remembered of the encrypted fields of ${server} cannot be read.`)
    return new Map(parsed.data.tools)
  }

  function load(): Promise<SealingPins> {
    use()
    if (loaded) return loaded
    const loading: Promise<SealingPins> = read()
    loaded = loading
    // A store that fails now may be read later.
    loading.catch(() => {
      if (loaded === loading) loaded = undefined
    })
    return loading
  }

  return {
    load,
    change: (tool, next) =>
      store.exclusively(name, async () => {
        const pins = await read()
        const before = pins.get(tool)
        const after = next(before)
        if (after) pins.set(tool, { ...after, principals: newest(after.principals) })
        else pins.delete(tool)
        if (JSON.stringify(before) !== JSON.stringify(pins.get(tool))) await store.write(name, pack(pins, server))
        loaded = Promise.resolve(pins)
      }),
  }
}

/** The one that was added last is the last. */
const newest = (principals: SealingPin['principals']): SealingPin['principals'] =>
  Object.fromEntries(Object.entries(principals).slice(-MAX_PRINCIPALS))

function pack(pins: SealingPins, server: string): string {
  const packed = JSON.stringify({ v: 1, tools: [...pins] })
  if (Buffer.byteLength(packed) > MAX_VALUE_BYTES)
    throw new TransportError('too_large', `${server} has more tools with encrypted fields than can be remembered.`, undefined, TOO_MANY)
  return packed
}
const TOO_MANY = 'Use another account, which remembers its own.'

function parse(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}
