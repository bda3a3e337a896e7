/** Everything about who somebody is (`src/people`), in memory, on a clock that a test moves. */

import { randomBytes } from 'node:crypto'
import { Secret, TOTP } from 'otpauth'
import { type Account, createPeople, type Outcome, type People } from '../../src/people/index.ts'
import { createLocalBus, createMemoryCounters, createMemoryStore, type Store } from '../../src/storage/index.ts'
import { createMemoryKeyRing, type KeyRing, type Vault } from '../../src/vault/index.ts'
import { vaultOf } from './vault.ts'

export const PASSWORD = 'a quiet harbour at dawn'
export const ISSUER = 'https://mcp.example.com'
export const HERE = '192.0.2.7'

export interface PeopleFixture extends People {
  readonly store: Store
  readonly keyRing: KeyRing
  readonly vault: Vault
  /** What was told of credentials, in order. */
  readonly told: readonly string[]
  now(): number
  pass(seconds: number): void
  account(name: string): Promise<Account>
  /** Turns one-time codes on, and answers what makes them. */
  withCodes(account: Account): Promise<(atSeconds?: number) => string>
  /** A sign-in with a name and a password. */
  enter(name: string, password?: string, address?: string, purpose?: string): Promise<Outcome>
}

export function createPeopleFixture(): PeopleFixture {
  let now = 1_800_000_000_000
  const clock = (): number => now
  const store = createMemoryStore({ clock })
  const keyRing = createMemoryKeyRing()
  const vault = vaultOf(keyRing)
  const bus = createLocalBus()
  const told: string[] = []
  bus.subscribe('credentials', (message) => told.push(message))
  const people = createPeople({ store, keyRing, vault, counters: createMemoryCounters({ clock }), bus, clock, issuer: ISSUER })
  return {
    ...people,
    store,
    keyRing,
    vault,
    told,
    now: clock,
    pass(seconds) {
      now += seconds * 1000
    },
    async account(name) {
      const made = await people.accounts.create({ name, password: PASSWORD, roles: ['staff'] })
      if ('problem' in made) throw new Error(made.problem)
      return made.account
    },
    async withCodes(account) {
      const { uri, ticket } = await people.oneTimeCodes.begin(account)
      const codes = new TOTP({ secret: Secret.fromBase32(new URL(uri).searchParams.get('secret') ?? '') })
      const at = (seconds = 0): string => codes.generate({ timestamp: now + seconds * 1000 })
      const confirmed = await people.oneTimeCodes.confirm(account, ticket, at())
      if (confirmed !== 'on') throw new Error(`the codes were not turned on: ${confirmed}`)
      return at
    },
    enter: (name, password = PASSWORD, address = HERE, purpose = 'this sign-in') =>
      people.signIn.password({ name, password, address, purpose }),
  }
}

/** A guess. */
export const randomCode = (): string => String(randomBytes(4).readUInt32BE() % 1_000_000).padStart(6, '0')
