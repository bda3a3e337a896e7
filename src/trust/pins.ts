/**
 * The pins of one server as text, to be kept in a store, and back. What each definition said is kept beside its hash, so that a change
 * can be shown: packed, and without those that have no room any more.
 *
 * What cannot be understood is undefined: whoever reads it decides what that means.
 *
 * @module
 */

import { deflateRawSync, inflateRawSync } from 'node:zlib'
import { z } from 'zod'
import type { JsonObject } from '../core/index.ts'
import type { Pin, Pins } from './drift.ts'

/** What a store takes of one value, less what it may add. */
const MAX_TEXT = 200 * 1024
const MAX_UNPACKED = 16 * 1024 * 1024

const schema = z.strictObject({
  version: z.literal(1),
  pins: z
    .array(
      z.strictObject({
        name: z.string(),
        hash: z.string().max(128),
        seen: z.iso.datetime(),
        definition: z.record(z.string(), z.unknown()).optional(),
      }),
    )
    .max(100_000),
})

/** @throws {RangeError} where not even the hashes have room. */
export function writePins(pins: Pins): string {
  const entries = [...pins].map(([name, pin]) => ({ name, ...pin }))
  for (let kept = entries.length; ; kept = kept >> 1) {
    const packed = pack(entries.map(({ definition, ...rest }, index) => (index < kept && definition ? { ...rest, definition } : rest)))
    if (packed.length <= MAX_TEXT) return packed
    if (kept === 0) throw new RangeError('There are more definitions than can be kept.')
  }
}

export function readPins(text: string): Map<string, Pin> | undefined {
  try {
    const unpacked = inflateRawSync(Buffer.from(text, 'base64'), { maxOutputLength: MAX_UNPACKED }).toString('utf8')
    const { pins } = schema.parse(JSON.parse(unpacked))
    return new Map(pins.map(({ name, hash, seen, definition }) => [name, { hash, seen, definition: definition as JsonObject | undefined }]))
  } catch {
    return undefined
  }
}

const pack = (pins: readonly unknown[]): string => deflateRawSync(JSON.stringify({ version: 1, pins })).toString('base64')
