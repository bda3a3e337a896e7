/** What a client does that holds a key: proofs made with jose, and tokens bound to it. */

import { createHash, randomUUID } from 'node:crypto'
import { calculateJwkThumbprint, exportJWK, generateKeyPair, type JWK, SignJWT } from 'jose'
import { ANA, authorizeUrl, type Fixture, postForm, redeem, register, type Tokens } from './authorization.ts'
import { signIn } from './browser.ts'

export interface ProofOf {
  readonly htm?: string
  readonly htu: string
  /** The access token that it goes with. */
  readonly token?: string
  readonly nonce?: string
  /** Claims and header members in place of the right ones; `undefined` leaves one out. */
  readonly claims?: Readonly<Record<string, unknown>>
  readonly header?: Readonly<Record<string, unknown>>
}

export interface Holder {
  readonly jwk: JWK
  readonly thumbprint: string
  prove(of: ProofOf): Promise<string>
}

export async function createHolder(alg = 'ES256'): Promise<Holder> {
  const { privateKey, publicKey } = await generateKeyPair(alg, { extractable: true })
  const jwk = await exportJWK(publicKey)
  return {
    jwk,
    thumbprint: await calculateJwkThumbprint(jwk),
    prove: ({ htm = 'POST', htu, token, nonce, claims, header }) =>
      new SignJWT({
        htm,
        htu,
        jti: randomUUID(),
        iat: Math.floor(Date.now() / 1000),
        ...(token !== undefined && { ath: createHash('sha256').update(token).digest('base64url') }),
        ...(nonce !== undefined && { nonce }),
        ...claims,
      })
        .setProtectedHeader({ typ: 'dpop+jwt', alg, jwk, ...header })
        .sign(privateKey, { crit: { x: false } }),
  }
}

type Place = Pick<Fixture, 'issuer' | 'resource'>

export interface BoundSignIn {
  readonly clientId: string
  readonly tokens: Tokens
  /** `proof`: `null` sends none. */
  refresh(token?: string, proof?: string | null): Promise<Response>
}

/** Registration, sign-in, and the code redeemed with a proof. */
export async function connectBound(
  fixture: Place,
  holder: Holder,
  { metadata = {}, changes = {} }: { metadata?: Record<string, unknown>; changes?: Record<string, string | undefined> } = {},
): Promise<BoundSignIn> {
  const { client_id: clientId } = await register(fixture, metadata)
  const { url, verifier } = authorizeUrl(fixture, clientId, changes)
  const landed = new URL(await signIn(url, ANA))
  const htu = `${fixture.issuer}/token`
  const response = await redeem(
    fixture,
    clientId,
    landed.searchParams.get('code') ?? '',
    verifier,
    {},
    { dpop: await holder.prove({ htu }) },
  )
  if (response.status !== 200) throw new Error(`the code was refused: ${await response.text()}`)
  const tokens = (await response.json()) as Tokens
  return {
    clientId,
    tokens,
    async refresh(token = tokens.refresh_token, proof) {
      const sent = proof === undefined ? await holder.prove({ htu }) : proof
      const fields = { grant_type: 'refresh_token', refresh_token: token, client_id: clientId }
      return postForm(htu, fields, sent === null ? {} : { dpop: sent })
    },
  }
}
