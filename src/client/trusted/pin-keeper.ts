/**
 * The pins of one server in the store: what was seen first stays until its user accepts another. Another process that uses the same store
 * sees the same pins, and whoever comes first pins.
 *
 * Fails closed: a store that cannot be read or written is an error of the call. A record that cannot be understood counts as none, and is
 * said once.
 *
 * @module
 */

import type { Clock, JsonObject, Log } from '../../core/index.ts'
import { definitionHash, type Pin, readPins, writePins } from '../../trust/index.ts'
import { TransportError } from '../errors.ts'
import { createDailyUse } from '../store/daily-use.ts'
import type { TokenStore } from '../store/token-store.ts'

export interface PinKeeper {
  /** What was read of them is being used. */
  use(): void
  read(): Promise<ReadonlyMap<string, Pin>>
  /** Pins those that have no pin yet; answers all pins. */
  add(tools: ReadonlyMap<string, JsonObject>): Promise<ReadonlyMap<string, Pin>>
  /** Pins these, whatever was pinned. */
  replace(tools: ReadonlyMap<string, JsonObject>): Promise<ReadonlyMap<string, Pin>>
}

export interface PinKeeperOptions {
  readonly store: TokenStore
  /** What the record is called. */
  readonly name: string
  /** What the server is called in sentences. */
  readonly server: string
  readonly clock: Clock
  readonly log: Log
}

export function createPinKeeper({ store, name, server, clock, log }: PinKeeperOptions): PinKeeper {
  let told = false

  async function read(): Promise<Map<string, Pin>> {
    const text = await store.read(name)
    if (text === undefined) return new Map()
    const pins = readPins(text)
    if (pins) return pins
    if (!told) log('warn', 'The definitions that were accepted cannot be read; those that are listed now count as accepted', { server })
    told = true
    return new Map()
  }

  function write(tools: ReadonlyMap<string, JsonObject>, isWanted: (name: string, pins: ReadonlyMap<string, Pin>) => boolean) {
    return store.exclusively(name, async () => {
      const pins = await read()
      const seen = new Date(clock()).toISOString()
      for (const [tool, definition] of tools)
        if (isWanted(tool, pins)) pins.set(tool, { hash: definitionHash('tool', definition), seen, definition })
      await store.write(name, pack(pins))
      return pins
    })
  }

  function pack(pins: ReadonlyMap<string, Pin>): string {
    try {
      return writePins(pins)
    } catch {
      throw new TransportError('too_large', `${server} lists more tools than can be remembered.`, undefined, TOO_MANY)
    }
  }

  return {
    use: createDailyUse(store, [name], clock),
    read,
    add: (tools) => write(tools, (tool, pins) => !pins.has(tool)),
    replace: (tools) => write(tools, () => true),
  }
}

const TOO_MANY = 'If you trust it all the same, set trust.drift to "off".'
