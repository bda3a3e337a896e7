/**
 * Passkeys (WebAuthn): a key pair on the person's device, which signs for our origin alone and only after it has verified the person
 * itself. So one passkey is both factors, and there is nothing to type at the wrong place. Found without a name (discoverable): beginning
 * to sign in tells nobody who has one.
 *
 * A challenge carries its own proof: what it is for, until when, and whose; it counts once. What an authenticator says of its own make
 * is not asked for.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type {
  AuthenticationResponseJSON,
  PublicKeyCredentialCreationOptionsJSON,
  PublicKeyCredentialRequestOptionsJSON,
  RegistrationResponseJSON,
} from '@simplewebauthn/server'
import { type Clock, createId } from '../core/index.ts'
import { allRecords, type Counters, changeRecord, type Store } from '../storage/index.ts'
import type { KeyRing } from '../vault/index.ts'
import { type Account, groupOfAccount } from './account.ts'
import type { Accounts } from './accounts.ts'
import { createChallenges } from './challenges.ts'
import { problems } from './problems.ts'

/** What may be shown of one. Times are milliseconds since the epoch. */
export interface Passkey {
  /** For lists and for removing it. */
  readonly id: string
  readonly name: string
  readonly createdAt: number
  readonly lastUsedAt: number | undefined
  /** Copied between a person's devices, by Apple, Google or a password manager. */
  readonly synced: boolean
}

export interface Passkeys {
  /** False where our address is an IP address, for which browsers have none. */
  readonly available: boolean
  /** `purpose`: what the answer counts for, and nothing else (a session's id). */
  beginAdding(account: Account, purpose: string): Promise<PublicKeyCredentialCreationOptionsJSON>
  /** `answer`: what the browser made of it, as JSON, untrusted. */
  add(
    account: Account,
    purpose: string,
    answer: string,
    name: string,
  ): Promise<{ readonly passkey: Passkey } | { readonly problem: string }>
  beginSignIn(purpose: string): Promise<PublicKeyCredentialRequestOptionsJSON>
  /** Whose it is. Every reason why not is one answer. */
  verify(purpose: string, answer: string): Promise<Account | undefined>
  list(account: Account): Promise<readonly Passkey[]>
  rename(account: Account, id: string, name: string): Promise<boolean>
  remove(account: Account, id: string): Promise<boolean>
}

interface Kept extends Passkey {
  readonly account: string
  /** Of the account: one made anew has none of these. */
  readonly since: number
  readonly credentialId: string
  /** COSE, in base64url. Public. */
  readonly publicKey: string
  readonly counter: number
  readonly transports: readonly string[]
}

export interface PasskeysParts {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly counters: Counters
  readonly clock: Clock
  readonly accounts: Pick<Accounts, 'get'>
  readonly issuer: string
}

export const MAX_PASSKEYS = 20
const MAX_ANSWER = 16_384
const TIMEOUT_MS = 300_000
/** Ed25519, ES256, RS256 (RFC 9053): what authenticators have. */
const ALGORITHMS = [-8, -7, -257]
const library = (): Promise<typeof import('@simplewebauthn/server')> => import('@simplewebauthn/server')

export function createPasskeys({ store, keyRing, counters, clock, accounts, issuer }: PasskeysParts): Passkeys {
  const records = store.records<Kept>('passkey')
  const { hostname, origin, host } = new URL(issuer)
  const challenges = createChallenges({ keyRing, counters, clock, ttlMs: TIMEOUT_MS })
  const idOf = (credentialId: string): string => createHash('sha256').update(credentialId).digest('base64url')
  /** What a device calls the account: nothing that says who it is (WebAuthn §14.6.1). */
  const handleOf = ({ name, since }: Account): Buffer => keyRing.mac('passkey-user', JSON.stringify([name, since]))
  const optionsOf = ({ account }: Kept) => ({ group: groupOfAccount(account) })

  async function keptOf({ name, since }: Account): Promise<readonly { readonly id: string; readonly value: Kept }[]> {
    const all = await Array.fromAsync(allRecords(records, { group: groupOfAccount(name) }))
    return all.filter(({ value }) => value.since === since)
  }
  const keyOf = async (account: Account, id: string): Promise<string | undefined> =>
    (await keptOf(account)).find(({ value }) => value.id === id)?.id

  return {
    available: !/^[\d.]+$|^\[/.test(hostname),
    async beginAdding(account, purpose) {
      const { generateRegistrationOptions } = await library()
      return generateRegistrationOptions({
        rpName: host,
        rpID: hostname,
        userName: account.name,
        userDisplayName: account.name,
        userID: new Uint8Array(handleOf(account)),
        challenge: challenges.create(JSON.stringify(['add', purpose, account.name, account.since])),
        timeout: TIMEOUT_MS,
        attestationType: 'none',
        supportedAlgorithmIDs: ALGORITHMS,
        excludeCredentials: (await keptOf(account)).map(({ value }) => ({ id: value.credentialId, transports: [...value.transports] })),
        authenticatorSelection: { residentKey: 'required', userVerification: 'required' },
      })
    },
    async add(account, purpose, answer, name) {
      // With one they would come in here still when their provider does not let them in any more.
      if (account.identity) return { problem: problems.passkeyElsewhere }
      if ((await keptOf(account)).length >= MAX_PASSKEYS) return { problem: problems.passkeysFull(MAX_PASSKEYS) }
      const failed = { problem: problems.passkeyFailed }
      const response = parse<RegistrationResponseJSON>(answer)
      if (response === undefined) return failed
      const { verifyRegistrationResponse } = await library()
      const verified = await verifyRegistrationResponse({
        response,
        expectedChallenge: (challenge) => challenges.use(challenge, JSON.stringify(['add', purpose, account.name, account.since])),
        expectedOrigin: origin,
        expectedRPID: hostname,
        requireUserVerification: true,
        supportedAlgorithmIDs: ALGORITHMS,
      }).catch(() => undefined)
      if (!verified?.verified) return failed
      const { credential, credentialBackedUp } = verified.registrationInfo
      const kept: Kept = {
        id: createId('pk_', 16),
        name: toLabel(name),
        createdAt: clock(),
        lastUsedAt: undefined,
        synced: credentialBackedUp,
        account: account.name,
        since: account.since,
        credentialId: credential.id,
        publicKey: Buffer.from(credential.publicKey).toString('base64url'),
        counter: credential.counter,
        transports: (credential.transports ?? []).slice(0, 8),
      }
      // A key that somebody has already is not given to another (WebAuthn §7.1).
      if (!(await records.putIfAbsent(idOf(kept.credentialId), kept, optionsOf(kept)))) return { problem: problems.passkeyThere }
      // Once more, with those that were added at the same time: at worst none of them stays.
      if ((await keptOf(account)).length > MAX_PASSKEYS) {
        await records.takeOnce(idOf(kept.credentialId))
        return { problem: problems.passkeysFull(MAX_PASSKEYS) }
      }
      return { passkey: toPasskey(kept) }
    },
    async beginSignIn(purpose) {
      const { generateAuthenticationOptions } = await library()
      const challenge = challenges.create(JSON.stringify(['sign-in', purpose]))
      return generateAuthenticationOptions({ rpID: hostname, challenge, timeout: TIMEOUT_MS, userVerification: 'required' })
    },
    async verify(purpose, answer) {
      const response = parse<AuthenticationResponseJSON>(answer)
      const id = response && idOf(response.id)
      const kept = id && (await records.get(id))?.value
      const account = kept ? await accounts.get(kept.account) : undefined
      if (!response || !id || !kept || account?.since !== kept.since || account.identity) return undefined
      if (!handleOf(account).equals(Buffer.from(String(response.response?.userHandle ?? ''), 'base64url'))) return undefined
      const { verifyAuthenticationResponse } = await library()
      const verified = await verifyAuthenticationResponse({
        response,
        expectedChallenge: (challenge) => challenges.use(challenge, JSON.stringify(['sign-in', purpose])),
        expectedOrigin: origin,
        expectedRPID: hostname,
        credential: { id: kept.credentialId, publicKey: new Uint8Array(Buffer.from(kept.publicKey, 'base64url')), counter: kept.counter },
        requireUserVerification: true,
      }).catch(() => undefined)
      if (!verified?.verified) return undefined
      const { newCounter, credentialBackedUp } = verified.authenticationInfo
      // The counter grows (§7.2): the same answer twice, or a copy of the device, is refused, however close together they come.
      const won = await changeRecord(
        records,
        id,
        (now) =>
          now !== undefined && now.since === kept.since && (newCounter > now.counter || (newCounter === 0 && now.counter === 0))
            ? { ...now, counter: newCounter, lastUsedAt: clock(), synced: credentialBackedUp }
            : undefined,
        optionsOf,
      )
      return won && account
    },
    list: async (account) => (await keptOf(account)).map(({ value }) => toPasskey(value)).sort((a, b) => a.createdAt - b.createdAt),
    async rename(account, id, name) {
      const key = await keyOf(account, id)
      if (key === undefined) return false
      return (await changeRecord(records, key, (now) => now && { ...now, name: toLabel(name) }, optionsOf)) !== undefined
    },
    async remove(account, id) {
      const key = await keyOf(account, id)
      return key !== undefined && (await records.takeOnce(key)) !== undefined
    },
  }
}

/** What a browser sent. The library looks at each member; here it only has to be something with an id. */
function parse<T extends { readonly id: string }>(answer: string): T | undefined {
  if (answer.length > MAX_ANSWER) return undefined
  try {
    const value: unknown = JSON.parse(answer)
    return typeof value === 'object' && value !== null && 'id' in value && typeof value.id === 'string' ? (value as T) : undefined
  } catch {
    return undefined
  }
}

const toPasskey = ({ id, name, createdAt, lastUsedAt, synced }: Kept): Passkey => ({ id, name, createdAt, lastUsedAt, synced })
/** Theirs to choose, and shown to them alone. */
const toLabel = (name: string): string => name.replace(/\s+/g, ' ').trim().slice(0, 64) || 'Passkey'
