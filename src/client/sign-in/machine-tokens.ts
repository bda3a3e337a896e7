/**
 * The token of a program that signs in by itself: obtained once for all requests that need it, in all processes that share the store, and
 * kept; obtained anew where the one that there is will not do.
 *
 * Fails with what the authorization server says. No other grant is tried instead, and none a second time (SEP-1933).
 *
 * @module
 */

import type { Clock, Log } from '../../core/index.ts'
import type { EndpointFinder } from '../endpoint.ts'
import type { Network } from '../network.ts'
import { machineTokenName } from '../store/names.ts'
import type { TokenStore } from '../store/token-store.ts'
import { type Discovered, discover } from './discovery.ts'
import { type DpopChoice, selectDpop } from './dpop.ts'
import { createProofKeys, type KeptProofKey } from './dpop-key.ts'
import { freshUntil } from './freshness.ts'
import type { SignedOut } from './kept-grants.ts'
import type { Attempt, MachineGrant } from './machine-grant.ts'
import { type MachineRecord, parseMachineRecord, toHolder } from './machine-record.ts'
import type { ProofKey } from './proof.ts'
import { selectScopes, union } from './scopes.ts'
import { requestTokens, revokeToken } from './token-request.ts'

export interface MachineParts {
  readonly grant: MachineGrant
  /** The only authorization server that anything is shown to: the server's metadata must name it. */
  readonly issuer: string
  readonly scopes?: readonly string[] | undefined
  readonly dpop?: DpopChoice | undefined
  readonly account: string
  readonly network: Network
  readonly finder: EndpointFinder
  readonly store: TokenStore
  readonly clock: Clock
  readonly log: Log
  /** Told of every secret that comes in, so that it can be kept out of errors and logs. */
  readonly learn: (secret: string) => void
}

export interface MachineToken extends MachineRecord {
  /** The key that it is bound to; undefined: a bearer token. */
  readonly proof: ProofKey | undefined
}

export interface MachineTokens {
  last(): MachineToken | undefined
  /** One that is fresh and that `willDo`; `more`: scopes to ask for besides. @throws {AuthorizationError | TransportError} */
  get(willDo?: (one: MachineRecord) => boolean, more?: readonly string[]): Promise<MachineToken>
  /** Forgets it, and revokes it where the authorization server can do that. */
  forget(): Promise<SignedOut>
}

export function createMachineTokens(parts: MachineParts): MachineTokens {
  const { grant, issuer, network, finder, store, clock, log, learn } = parts
  const keys = createProofKeys(clock)
  let mine: Promise<{ readonly key: ProofKey; readonly kept: KeptProofKey }> | undefined
  let last: MachineToken | undefined
  let finding: Promise<MachineToken> | undefined
  /** Scopes that requests turned out to need. */
  let needed: readonly string[] = []

  const nameAt = ({ href }: URL): string =>
    machineTokenName({ server: href, account: parts.account, issuer, kind: grant.kind, client: grant.clientId ?? '' })

  async function find(isGood: (one: MachineRecord) => boolean, wanted: readonly string[]): Promise<MachineToken> {
    const name = nameAt(await finder.url())
    const attempt = await grant.begin()
    const holder = toHolder([grant.kind, grant.clientId, issuer, parts.scopes, attempt.subject])
    const load = async (): Promise<MachineToken | undefined> => {
      const kept = parseMachineRecord(await store.read(name), log)
      if (!kept || kept.holder !== holder || !isGood(kept)) return undefined
      learn(kept.accessToken)
      return { ...kept, proof: kept.proofKey && (await keys.load(kept.proofKey)) }
    }
    const kept = await load()
    if (kept) return kept
    const found = await discover({ network, finder, issuer, use: 'token' })
    return store.exclusively(name, async () => {
      // Another process was here meanwhile: what it got is good for us, too.
      const theirs = await load()
      if (theirs) return theirs
      const token = await obtain(attempt, found, { holder, wanted })
      needed = wanted
      const { proof: _, ...record } = token
      await store.write(name, JSON.stringify(record))
      return token
    })
  }

  async function obtain(
    attempt: Attempt,
    found: Discovered,
    { holder, wanted }: { readonly holder: string; readonly wanted: readonly string[] },
  ): Promise<MachineToken> {
    const { server, resource, challengedScopes: challenged, supportedScopes: supported } = found
    const asked = selectScopes({ wished: parts.scopes, challenged, supported, serverSupported: undefined, needed: wanted })
    const need = selectDpop(parts.dpop, found)
    const key = need === 'none' ? undefined : await (mine ??= keys.create())
    const client = grant.identify(server)
    const { accessToken, receivedAt, expiresAt, proof } = await requestTokens({
      network,
      clock,
      grant: { server, client, resource },
      fields: await attempt.toFields({ server, resource, scopes: asked }),
      proof: key?.key,
      bearerWillDo: need === 'welcome',
      step: grant.step,
    })
    learn(accessToken)
    return { holder, accessToken, asked, receivedAt, expiresAt, proofKey: proof && key?.kept, proof }
  }

  return {
    last: () => last,
    async get(willDo = () => true, more = []) {
      const isGood = (one: MachineRecord): boolean => clock() < freshUntil(one) && willDo(one)
      if (last && isGood(last)) return last
      while (finding) {
        const theirs = await finding
        if (isGood(theirs)) return theirs
      }
      const ours = find(isGood, union(needed, more)).finally(() => {
        if (finding === ours) finding = undefined
      })
      finding = ours
      last = await ours
      return last
    },
    async forget() {
      const name = nameAt(await finder.url())
      const kept = await store.exclusively(name, async () => {
        const record = parseMachineRecord(await store.read(name), log)
        await store.remove(name)
        return record
      })
      last = undefined
      if (!kept) return { wasSignedIn: false, revoked: false }
      try {
        const { server, resource } = await discover({ network, finder, issuer, use: 'token' })
        const client = grant.identify(server)
        return { wasSignedIn: true, revoked: await revokeToken({ network, grant: { server, client, resource } }, kept.accessToken) }
      } catch {
        // Forgotten it is.
        return { wasSignedIn: true, revoked: false }
      }
    },
  }
}
