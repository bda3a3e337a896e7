/**
 * What this program was registered as, by issuer, so that a person is not asked about a new program each time, and no server's list of
 * clients grows with every start (2026-07-28 client registration §authorization server binding).
 *
 * What does not parse, or has expired, counts as absent: the program registers again.
 *
 * @module
 */

import { z } from 'zod'
import type { Clock } from '../../core/index.ts'
import { registrationName } from '../store/names.ts'
import type { TokenStore } from '../store/token-store.ts'
import type { ClientIdentity } from './client-identity.ts'
import { parseKept } from './kept-record.ts'
import type { Registered } from './registration.ts'

/** A client may be registered for one way of signing in and not for the other. */
export type RegisteredFor = 'code' | 'device'

export interface KeptRegistration {
  readonly identity: ClientIdentity
  readonly redirectUris: readonly string[]
}

export interface Registrations {
  find(issuer: string, use: RegisteredFor): Promise<KeptRegistration | undefined>
  keep(registered: Registered, use: RegisteredFor): Promise<void>
  forget(issuer: string): Promise<void>
  /** What was obtained with it is being used: it is kept as long as that. */
  used(issuer: string): Promise<void>
}

const base = {
  clientId: z.string().min(1).max(2048),
  redirectUris: z.array(z.string().max(2048)).max(20),
  expiresAt: z.number().optional(),
}
const kept = z.discriminatedUnion('method', [
  z.strictObject({ ...base, method: z.literal('none') }),
  z.strictObject({ ...base, method: z.enum(['client_secret_basic', 'client_secret_post']), clientSecret: z.string().min(1).max(4096) }),
])

export interface RegistrationsParts {
  readonly store: TokenStore
  readonly clock: Clock
  readonly learn: (secret: string) => void
}

export function createRegistrations({ store, clock, learn }: RegistrationsParts): Registrations {
  const nameOf = (issuer: string, use: RegisteredFor): string => (use === 'code' ? registrationName(issuer) : registrationName(issuer, use))
  return {
    async find(issuer, use) {
      const text = await store.read(nameOf(issuer, use))
      const data = text === undefined ? undefined : parseKept(kept, text)
      if (data === undefined || (data.expiresAt !== undefined && data.expiresAt <= clock())) return undefined
      const { clientId, redirectUris } = data
      if (data.method === 'none') return { identity: { issuer, clientId, method: data.method }, redirectUris }
      learn(data.clientSecret)
      return { identity: { issuer, clientId, method: data.method, clientSecret: data.clientSecret }, redirectUris }
    },
    async keep({ identity: { issuer, clientId, method, clientSecret }, registration }, use) {
      const { redirectUris, clientSecretExpiresAt: seconds } = registration
      const expiresAt = seconds === undefined ? undefined : seconds * 1000
      await store.write(nameOf(issuer, use), JSON.stringify({ clientId, method, clientSecret, redirectUris, expiresAt }))
    },
    async forget(issuer) {
      await store.remove(nameOf(issuer, 'code'))
      await store.remove(nameOf(issuer, 'device'))
    },
    async used(issuer) {
      for (const use of ['code', 'device'] as const) await store.read(nameOf(issuer, use)).catch(noop)
    },
  }
}

const noop = (): void => {}
