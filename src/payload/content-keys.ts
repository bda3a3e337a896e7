/**
 * The content key that two sides have in common: X25519, then the Concat KDF (ECDH-ES in direct key agreement, RFC 7518 §4.6.2). Agreed
 * once and kept, so that a field costs one AES-GCM and no curve.
 *
 * The server's key is its published one in both directions: nobody but the two has what comes of it, so that a result that opens is
 * the server's. Fails closed: undefined for a point that agrees on nothing (RFC 7748 §6.1).
 *
 * @module
 */

import { createHash, createSecretKey, diffieHellman, type KeyObject } from 'node:crypto'
import { toPublicKey } from './jwk.ts'

export type Direction = 'request' | 'result'

const party = (name: string): string => Buffer.from(name).toString('base64url')
const CLIENT: string = party('sallyport client')
const SERVER: string = party('sallyport server')
/** Who speaks (`apu`) and who listens (`apv`). */
export const PARTIES: Readonly<Record<Direction, { readonly apu: string; readonly apv: string }>> = {
  request: { apu: CLIENT, apv: SERVER },
  result: { apu: SERVER, apv: CLIENT },
}

const number = (value: number): Buffer => {
  const bytes = Buffer.alloc(4)
  bytes.writeUInt32BE(value)
  return bytes
}
const withLength = (bytes: Buffer): Buffer => Buffer.concat([number(bytes.length), bytes])
const infoOf = ({ apu, apv }: { readonly apu: string; readonly apv: string }): Buffer =>
  Buffer.concat([
    withLength(Buffer.from('A256GCM')),
    withLength(Buffer.from(apu, 'base64url')),
    withLength(Buffer.from(apv, 'base64url')),
    number(256),
  ])
const info: Readonly<Record<Direction, Buffer>> = { request: infoOf(PARTIES.request), result: infoOf(PARTIES.result) }

export interface ContentKeys {
  /** `own`: a private key, called `ownId`. `peer`: the other side's public one, as in a JWK's `x`. */
  of(own: KeyObject, ownId: string, peer: string, direction: Direction): KeyObject | undefined
}

/** @param most how many are kept: whoever may call can make up as many as they like. */
export function createContentKeys(most: number): ContentKeys {
  const kept = new Map<string, KeyObject>()
  return {
    of(own, ownId, peer, direction) {
      const name = `${ownId} ${peer} ${direction}`
      let key = kept.get(name)
      if (key) return key
      key = derive(own, peer, direction)
      if (!key) return undefined
      if (kept.size >= most) kept.delete(kept.keys().next().value as string)
      kept.set(name, key)
      return key
    },
  }
}

function derive(own: KeyObject, peer: string, direction: Direction): KeyObject | undefined {
  let shared: Buffer
  try {
    shared = diffieHellman({ privateKey: own, publicKey: toPublicKey({ kty: 'OKP', crv: 'X25519', x: peer }) })
  } catch {
    return undefined
  }
  return createSecretKey(createHash('sha256').update(number(1)).update(shared).update(info[direction]).digest())
}
