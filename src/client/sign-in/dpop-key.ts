/**
 * The key that tokens are bound to, and the proofs that are made with it (RFC 9449 §4.2): P-256, signed with ES256. It is kept beside
 * the tokens, since without it neither an access token nor the refresh token of a public client is worth anything (§5); in the process
 * it is a key that cannot be read out.
 *
 * Each proof is for one request: its method, its URL, its token, and the last nonce that was heard from there.
 *
 * @module
 */

import { createHash, randomUUID } from 'node:crypto'
import { z } from 'zod'
import type { Clock } from '../../core/index.ts'
import { createServerClocks } from './dpop-clocks.ts'
import { createNonces } from './dpop-nonces.ts'
import type { ProofKey } from './proof.ts'

export const DPOP_ALGORITHM = 'ES256'

const coordinate = z.string().regex(/^[\w-]{43}$/)

/** A private key as it is kept, sealed, with the tokens that are bound to it. */
export interface KeptProofKey {
  readonly kty: 'EC'
  readonly crv: 'P-256'
  readonly x: string
  readonly y: string
  readonly d: string
}

export const keptProofKeySchema: z.ZodType<KeptProofKey> = z.strictObject({
  kty: z.literal('EC'),
  crv: z.literal('P-256'),
  x: coordinate,
  y: coordinate,
  d: coordinate,
})

export interface ProofKeys {
  /** A new key, and the form in which it is kept. */
  create(): Promise<{ readonly key: ProofKey; readonly kept: KeptProofKey }>
  /** The key that was kept. Rejects where it is none. */
  load(kept: KeptProofKey): Promise<ProofKey>
}

// Loaded with the first key: most clients never have one.
const loadJose = () => import('jose')

/** All keys of one client: what a server said to one of them holds for the next. */
export function createProofKeys(clock: Clock): ProofKeys {
  const nonces = createNonces()
  const clocks = createServerClocks(clock)

  async function load({ kty, crv, x, y, d }: KeptProofKey): Promise<ProofKey> {
    const { importJWK, SignJWT } = await loadJose()
    const key = await importJWK({ kty, crv, x, y, d }, DPOP_ALGORITHM, { extractable: false })
    const header = { typ: 'dpop+jwt', alg: DPOP_ALGORITHM, jwk: { kty, crv, x, y } }
    return {
      prove({ method, url }, token) {
        const nonce = nonces.of(url)
        return new SignJWT({
          jti: randomUUID(),
          htm: method,
          // Neither query nor fragment (RFC 9449 §4.2).
          htu: url.origin + url.pathname,
          iat: Math.floor(clocks.now(url) / 1000),
          ...(token !== undefined && { ath: createHash('sha256').update(token).digest('base64url') }),
          ...(nonce !== undefined && { nonce }),
        })
          .setProtectedHeader(header)
          .sign(key)
      },
      heard(url, headers) {
        nonces.hear(url, headers)
        clocks.hear(url, headers)
      },
    }
  }

  return {
    load,
    async create() {
      const { exportJWK, generateKeyPair } = await loadJose()
      const { privateKey } = await generateKeyPair(DPOP_ALGORITHM, { extractable: true })
      const { x = '', y = '', d = '' } = await exportJWK(privateKey)
      const kept: KeptProofKey = { kty: 'EC', crv: 'P-256', x, y, d }
      return { key: await load(kept), kept }
    },
  }
}
