/**
 * The sign-in of one account at a server, from the tokens that were given to the day that they are revoked: kept, renewed with the
 * issuer that gave them and no other (2026-07-28 client registration §authorization server binding), and shown to the server that they
 * are for.
 *
 * @module
 */

import type { Clock, Log } from '../../core/index.ts'
import { AuthorizationError } from '../errors.ts'
import type { Network } from '../network.ts'
import { signInName } from '../store/names.ts'
import type { TokenStore } from '../store/token-store.ts'
import type { ClientIdentity } from './client-identity.ts'
import type { Outgoing, Presented } from './credential.ts'
import type { Discovered } from './discovery.ts'
import { type DpopNeed, toPresented } from './dpop.ts'
import { createProofKeys, type KeptProofKey } from './dpop-key.ts'
import type { Identities } from './identify.ts'
import type { KeptSignIn } from './kept-sign-in.ts'
import { createKnownIssuers } from './known-issuers.ts'
import type { OriginIssuerOptions } from './origin-issuer.ts'
import type { ProofKey } from './proof.ts'
import { createTokenKeeper, type TokenKeeper } from './token-keeper.ts'
import { type Grant, requestTokens, revokeToken, type Tokens } from './token-request.ts'

/** What tokens are asked for, and where they are to be used. */
export interface Asked extends Grant {
  readonly client: ClientIdentity
  readonly endpoint: URL
  readonly revision: KeptSignIn['revision']
  readonly scopes: readonly string[]
  readonly dpop: DpopNeed
}

export interface SignedOut {
  readonly wasSignedIn: boolean
  /** Whether the authorization server says that the tokens are worth nothing any more. */
  readonly revoked: boolean
}

export interface KeptGrants {
  at(endpoint: URL): TokenKeeper
  present(kept: KeptSignIn, request: Outgoing): Promise<Presented>
  /** An answer of the server at `endpoint` may bring a nonce. */
  heard(endpoint: URL, headers: Headers): void
  /** Asks for tokens, with a key to bind them to, and keeps them in place of those that were there. */
  take(asked: Asked, get: GetTokens): Promise<void>
  /** The same where it takes a person minutes, and nobody else is to wait for it. */
  takeSlowly(asked: Asked, get: GetTokens): Promise<void>
  signOut(endpoint: URL): Promise<SignedOut>
}

export type GetTokens = (proof: ProofKey | undefined, bearerWillDo: boolean) => Promise<Tokens>

export interface KeptGrantsParts {
  readonly store: TokenStore
  readonly account: string
  readonly network: Network
  readonly clock: Clock
  readonly log: Log
  readonly learn: (secret: string) => void
  readonly identities: Identities
  readonly asOrigin: OriginIssuerOptions
  /** What the server says now of whom it sends people to. */
  readonly discoverNow: () => Promise<Discovered>
  readonly isOurs: (kept: KeptSignIn) => boolean
}

export function createKeptGrants(parts: KeptGrantsParts): KeptGrants {
  const { store, account, network, clock, log, learn, identities, asOrigin, discoverNow, isOurs } = parts
  const keys = createProofKeys(clock)
  const keepers = new Map<string, TokenKeeper>()
  const issuers = createKnownIssuers(network, asOrigin)
  let loaded: { readonly d: string; readonly key: ProofKey } | undefined

  function at(endpoint: URL): TokenKeeper {
    const known = keepers.get(endpoint.href)
    if (known) return known
    const name = signInName({ server: endpoint.href, account })
    const keeper = createTokenKeeper({ store, name, clock, log, isOurs, learn: learnTokens, refresh: renewAt(endpoint) })
    keepers.set(endpoint.href, keeper)
    return keeper
  }
  function learnTokens({ accessToken, refreshToken }: KeptSignIn): void {
    for (const secret of [accessToken, refreshToken]) if (secret !== undefined) learn(secret)
  }

  async function proofOf({ proofKey }: KeptSignIn): Promise<ProofKey | undefined> {
    if (proofKey === undefined) return undefined
    if (loaded?.d !== proofKey.d) loaded = { d: proofKey.d, key: await keys.load(proofKey) }
    return loaded.key
  }

  const renewAt =
    (endpoint: URL) =>
    async (kept: KeptSignIn, refreshToken: string, why: 'expired' | 'refused'): Promise<KeptSignIn | undefined> => {
      // A server that has gone over to another issuer refuses all that the first one gives; that one gets nothing more from us.
      if (why === 'refused') {
        const found = await discoverNow().catch(() => undefined)
        if (found && found.server.issuer !== kept.issuer) return undefined
      }
      const server = await issuers.of(kept, endpoint)
      const client = identities.fromKept(kept, server)
      if (client === undefined) return undefined
      const grant = { server, client, resource: kept.resource }
      const fields = { grant_type: 'refresh_token', refresh_token: refreshToken }
      const tokens = await forgetting(server.issuer, async () =>
        requestTokens({ network, clock, grant, fields, proof: await proofOf(kept) }),
      )
      // What a renewal does not say is as before (RFC 6749 §5.1, §6).
      const { refreshToken: next = refreshToken, scopes = kept.scopes } = tokens
      const renewed = { ...kept, ...toKeptTokens(tokens), refreshToken: next, scopes }
      learnTokens(renewed)
      await identities.used(server.issuer)
      return renewed
    }

  /** Whoever is no longer known there registers again, the next time. */
  async function forgetting<T>(issuer: string, ask: () => Promise<T>): Promise<T> {
    try {
      return await ask()
    } catch (error) {
      if (error instanceof AuthorizationError && error.reason === 'invalid_client') await identities.forget(issuer)
      throw error
    }
  }

  async function get(asked: Asked, from: GetTokens): Promise<KeptSignIn> {
    const made = asked.dpop === 'none' ? undefined : await keys.create()
    const tokens = await forgetting(asked.server.issuer, () => from(made?.key, asked.dpop === 'welcome'))
    const kept = toKept(tokens, asked, { client: asked.client, proofKey: tokens.proof && made?.kept })
    learnTokens(kept)
    issuers.note(asked.server)
    return kept
  }
  const toKept = (
    tokens: Tokens,
    { server, revision, resource, scopes }: Asked,
    { client, proofKey }: { readonly client: ClientIdentity; readonly proofKey: KeptProofKey | undefined },
  ): KeptSignIn => ({
    issuer: server.issuer,
    revision,
    resource,
    client: identities.toKept(client),
    requested: scopes,
    refreshToken: tokens.refreshToken,
    ...toKeptTokens(tokens),
    proofKey,
  })

  return {
    at,
    async present(kept, request) {
      return toPresented(kept.accessToken, await proofOf(kept), request)
    },
    heard: (endpoint, headers) => loaded?.key.heard(endpoint, headers),
    async take(asked, from) {
      await at(asked.endpoint).replace(() => get(asked, from))
    },
    async takeSlowly(asked, from) {
      const keeper = at(asked.endpoint)
      await keeper.check()
      const kept = await get(asked, from)
      await keeper.replace(async () => kept)
    },
    async signOut(endpoint) {
      let wasSignedIn = false
      let revoked = false
      await at(endpoint).forget(async (kept) => {
        wasSignedIn = true
        revoked = await revoke(kept, endpoint).catch(() => false)
      })
      return { wasSignedIn, revoked }
    },
  }

  /** The refresh token first: who has that can get another access token (RFC 7009 §2.1). */
  async function revoke(kept: KeptSignIn, endpoint: URL): Promise<boolean> {
    const server = await issuers.of(kept, endpoint)
    const client = identities.fromKept(kept, server)
    if (client === undefined) return false
    const grant = { server, client, resource: kept.resource }
    const answers: boolean[] = []
    for (const token of [kept.refreshToken, kept.accessToken])
      if (token !== undefined) answers.push(await revokeToken({ network, grant }, token).catch(() => false))
    return answers.every((answer) => answer)
  }
}

const toKeptTokens = ({ accessToken, scopes, receivedAt, expiresAt }: Tokens) => ({ accessToken, scopes, receivedAt, expiresAt })
