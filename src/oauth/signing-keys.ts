/**
 * The key that signs access tokens: ES256, made at the first start, sealed at rest. Of several processes that start at
 * once, all use the one that was stored first.
 *
 * @module
 */

import { createPrivateKey, createPublicKey, generateKeyPair, hash, type JsonWebKey, type KeyObject } from 'node:crypto'
import { promisify } from 'node:util'
import type { Clock } from '../core/index.ts'
import type { Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'

export interface SigningKey {
  readonly kid: string
  readonly privateJwk: JsonWebKey
  /** As published in the JWKS. */
  readonly publicJwk: JsonWebKey
  readonly publicKey: KeyObject
}

export interface SigningKeys {
  current(): Promise<SigningKey>
}

const generate = promisify(generateKeyPair)
const ID = 'signing-key/0'
const PLACE = `secret/${ID}`

export function createSigningKeys({ store, keyRing, clock }: { store: Store; keyRing: KeyRing; clock: Clock }): SigningKeys {
  const records = store.records<{ readonly sealed: string; readonly createdAt: number }>('secret')
  let loading: Promise<SigningKey> | undefined

  async function load(): Promise<SigningKey> {
    let found = await records.get(ID)
    if (found === undefined) {
      const { privateKey } = await generate('ec', { namedCurve: 'P-256' })
      const sealed = keyRing.seal(JSON.stringify(privateKey.export({ format: 'jwk' })), PLACE)
      await records.putIfAbsent(ID, { sealed, createdAt: clock() })
      found = await records.get(ID)
    }
    const opened = found && keyRing.open(found.value.sealed, PLACE)
    if (opened === undefined) throw new Error('the signing key was sealed with a key that is not in the key ring')
    return toSigningKey(JSON.parse(opened.toString()))
  }
  return {
    current() {
      loading ??= load().catch((error: unknown) => {
        loading = undefined
        throw error
      })
      return loading
    },
  }
}

function toSigningKey(jwk: JsonWebKey): SigningKey {
  const { crv, kty, x, y } = createPublicKey(createPrivateKey({ key: jwk, format: 'jwk' })).export({ format: 'jwk' })
  // RFC 7638: the members in this order.
  const kid = hash('sha256', JSON.stringify({ crv, kty, x, y }), 'base64url')
  const shared = { kid, alg: 'ES256', use: 'sig' }
  const publicJwk = { crv, kty, x, y, ...shared } as JsonWebKey
  return { kid, privateJwk: { ...jwk, ...shared }, publicJwk, publicKey: createPublicKey({ key: publicJwk, format: 'jwk' }) }
}
