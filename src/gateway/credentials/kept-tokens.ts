/**
 * The tokens of people at one guarded server, as they are kept: one record a person, sealed for this server at this address and this
 * person. A record that is moved to somebody else, or whose server has another address now, does not open and counts as none.
 *
 * @module
 */

import type { Tokens } from '../../client/index.ts'
import type { Clock } from '../../core/index.ts'
import { groupOfAccount } from '../../people/index.ts'
import { changeRecord, type RecordOptions, type Store } from '../../storage/index.ts'
import type { KeyRing, Place, Vault } from '../../vault/index.ts'
import { withAddresses } from './kept-issuer.ts'

export interface KeptConnection {
  readonly server: string
  /** As `Principal.user` names them. */
  readonly user: string
  readonly since: number
  /** To the hour. */
  readonly lastUsedAt?: number | undefined
  /** Absent: it has ended, and the person has to connect again. */
  readonly sealed?: string | undefined
  /** Scopes that a request was refused for: asked for the next time. */
  readonly needed?: readonly string[] | undefined
  /** Until when somebody is renewing it. */
  readonly renewingUntil?: number | undefined
}

export interface KeptTokens {
  find(user: string): Promise<{ readonly kept: KeptConnection; readonly tokens: Tokens | undefined; readonly since: number } | undefined>
  /** A new connection of whoever was `user` at `since`, whatever there was. */
  connect(user: string, tokens: Tokens, since: number): Promise<void>
  /** Changes it while its access token is still that one. Answers what there is then; undefined: it is no longer as it was. */
  change(
    user: string,
    accessToken: string,
    next: { readonly tokens?: Tokens | 'ended'; readonly needed?: readonly string[] },
  ): Promise<KeptConnection | undefined>
  /** Says that this process renews it. False: somebody else does, or it is no longer as it was. */
  claim(user: string, accessToken: string): Promise<boolean>
  noteUse(user: string): Promise<void>
  /** The last state of it. */
  remove(user: string): Promise<Tokens | undefined | 'none'>
  /** Who has been connected for the longest, of the first thousand. */
  first(): Promise<string | undefined>
}

/** A connection that nothing has used for so long is forgotten. */
const UNUSED_MS = 180 * 86_400_000
const USED_EVERY_MS = 3_600_000
/** A token endpoint has ten seconds to answer. */
const RENEWING_MS = 15_000

export interface KeptTokensParts {
  readonly server: string
  /** Where it is: tokens for one address are not sent to another. */
  readonly url: string
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  readonly clock: Clock
  readonly stands: (user: string, at: number) => Promise<boolean>
}

export function createKeptTokens({ server, url, store, keyRing, vault, clock, stands }: KeptTokensParts): KeptTokens {
  const records = store.records<KeptConnection>('connection')
  const prefix = `${server}/`
  const idOf = (user: string): string => prefix + keyRing.mac('connection', JSON.stringify([server, user])).toString('base64url')
  const placeOf = (user: string): Place => ({
    kind: 'connection',
    id: JSON.stringify([server, url, user]),
    field: 'tokens',
    subject: user,
  })
  const optionsOf = ({ user }: KeptConnection): RecordOptions => ({ group: groupOfAccount(user), expiresAt: clock() + UNUSED_MS })
  const seal = (user: string, tokens: Tokens): Promise<string> => vault.seal(JSON.stringify(tokens), placeOf(user))

  async function open({ user, sealed }: KeptConnection): Promise<Tokens | undefined> {
    const opened = sealed === undefined ? undefined : await vault.open(sealed, placeOf(user))
    if (opened === undefined) return undefined
    const tokens = JSON.parse(opened.toString()) as Tokens
    return { ...tokens, grant: { ...tokens.grant, server: withAddresses(tokens.grant.server) } }
  }
  function changeWhile(
    user: string,
    accessToken: string,
    next: (kept: KeptConnection) => KeptConnection | undefined | Promise<KeptConnection>,
  ) {
    return changeRecord(
      records,
      idOf(user),
      async (kept) => (kept && (await open(kept))?.accessToken === accessToken ? next(kept) : undefined),
      optionsOf,
    )
  }

  return {
    async find(user) {
      const kept = (await records.get(idOf(user)))?.value
      return kept && (await stands(user, kept.since)) ? { kept, tokens: await open(kept), since: kept.since } : undefined
    },
    async connect(user, tokens, since) {
      const connection = { server, user, since, sealed: await seal(user, tokens) }
      await changeRecord(records, idOf(user), () => connection, optionsOf)
    },
    change: (user, accessToken, { tokens, needed }) =>
      changeWhile(user, accessToken, async (kept) => ({
        ...kept,
        sealed: tokens === undefined ? kept.sealed : tokens === 'ended' ? undefined : await seal(user, tokens),
        // Who only notes what is needed does not end another's renewal: two at once would use a refresh token twice.
        ...(needed ? { needed } : { renewingUntil: undefined }),
      })),
    async claim(user, accessToken) {
      const now = clock()
      const claimed = await changeWhile(user, accessToken, (kept) =>
        (kept.renewingUntil ?? 0) > now ? undefined : { ...kept, renewingUntil: now + RENEWING_MS },
      )
      return claimed !== undefined
    },
    async noteUse(user) {
      const now = clock()
      await changeRecord(
        records,
        idOf(user),
        (kept) => (kept && now - (kept.lastUsedAt ?? 0) >= USED_EVERY_MS ? { ...kept, lastUsedAt: now } : undefined),
        optionsOf,
      )
    },
    async remove(user) {
      const kept = await records.takeOnce(idOf(user))
      return kept === undefined ? 'none' : open(kept)
    },
    async first() {
      const page = await records.list({ after: prefix })
      const own = page.filter(({ id }) => id.startsWith(prefix))
      for (const { value } of own.sort((a, b) => a.value.since - b.value.since))
        if ((await open(value)) !== undefined && (await stands(value.user, value.since))) return value.user
      return undefined
    },
  }
}
