/** People's own accounts, tokens that are given by our word, and secrets of people's own. */

import { createRedactor, silentLog } from '../../src/core/index.ts'
import { heldBack, type PersonalCredentials } from '../../src/gateway/credentials/index.ts'
import { createVouched } from '../../src/gateway/credentials/vouched.ts'
import { createSecretBook } from '../../src/gateway/secrets/book.ts'
import { createSecretHeaders } from '../../src/gateway/secrets/secret-headers.ts'
import { createSignAssertion } from '../../src/gateway/sign-assertion.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryVault, createNamedSecrets } from '../../src/vault/index.ts'
import { AnyAnswer, startWorld } from '../fixtures/sign-in-world.ts'
import { GATEWAY, startPeople } from '../support/own-accounts.ts'
import { type CredentialsUnderTest, describeCallCredentials } from './call-credentials.ts'

/** It stands still: what is known for a second is known for the whole of a test. */
const now = Date.now()
const clock = (): number => now

async function openOwnAccounts(): Promise<CredentialsUnderTest & { readonly personal: PersonalCredentials }> {
  let isGood = true
  const world = await startWorld({
    token: (document) => (isGood ? document : new AnyAnswer({ status: 400, body: { error: 'invalid_grant' } })),
  })
  const people = await startPeople({ url: world.serverUrl, clock })
  return {
    personal: people.personal,
    credentials: people.personal.credentials,
    give: async (user) => void (await people.connect(user, world.visit)),
    replace: async () => world.expireTokens(),
    async spoil() {
      world.expireTokens()
      isGood = false
    },
    async end() {
      await people[Symbol.asyncDispose]()
      await world[Symbol.asyncDispose]()
    },
  }
}

describeCallCredentials('people’s own accounts', openOwnAccounts)

describeCallCredentials('people’s own accounts, since their server was accepted', async () => {
  const { personal, ...opened } = await openOwnAccounts()
  return { ...opened, credentials: heldBack(personal, 'notes', () => undefined).credentials }
})

for (const type of ['exchange', 'id-jag'] as const)
  describeCallCredentials(`tokens that are given by our word (${type})`, async () => {
    const known = new Set<string>()
    let given = 0
    const world = await startWorld({
      // Who it is for is what the assertion says.
      token(document) {
        const form = new URLSearchParams(world.to('/token').at(-1)?.text)
        const [, payload = ''] = (form.get('assertion') ?? form.get('subject_token') ?? '').split('.')
        const { sub } = JSON.parse(Buffer.from(payload, 'base64url').toString()) as { sub: string }
        if (!known.has(sub)) return new AnyAnswer({ status: 400, body: { error: 'invalid_grant' } })
        return new AnyAnswer({ body: { ...document, access_token: `access-${sub}-${++given}`, refresh_token: undefined } })
      },
    })
    const store = createMemoryStore({ clock })
    const vouched = createVouched({
      server: 'notes',
      url: world.serverUrl,
      settings: { type, clientId: 'ours', clientSecret: 'a-secret-between-the-two', issuer: world.issuer },
      clientInfo: { name: 'sallyport', version: '0' },
      sign: createSignAssertion({ store, vault: createMemoryVault(), clock, place: { base: () => GATEWAY } }),
      clock,
      redactor: createRedactor(),
      log: silentLog,
    })
    return {
      credentials: vouched.credentials,
      give: async (user) => void known.add(user),
      replace: async () => {},
      spoil: async () => known.clear(),
      async end() {
        await vouched.close()
        await world[Symbol.asyncDispose]()
      },
    }
  })

describeCallCredentials('secrets of people’s own', async () => {
  const secrets = createNamedSecrets({ store: createMemoryStore({ clock }), vault: createMemoryVault(), clock })
  const accounts = { get: async () => ({ since: 0 }) }
  const book = createSecretBook({ secrets, accounts, redactor: createRedactor(), log: silentLog })
  const shown = createSecretHeaders({
    server: 'tracker',
    templates: { authorization: ['Bearer ', { secret: 'TRACKER', of: 'person' }] },
    book,
    accountBase: () => GATEWAY,
    clock,
    log: silentLog,
  })
  let set = 0
  const give = async (user: string): Promise<void> =>
    void (await secrets.set({ name: 'TRACKER', user, value: `secret-of-${user}-${++set}`, setBy: user }))
  return {
    credentials: shown.credentials,
    give,
    replace: give,
    spoil: async () => {},
    end: async () => book.close(),
  }
})
