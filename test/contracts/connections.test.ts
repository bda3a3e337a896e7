/** What people can connect at a gateway: accounts and secrets of theirs, or nothing; and where there is no gateway. */

import { createRedactor, silentLog } from '../../src/core/index.ts'
import { createOwnAccounts } from '../../src/gateway/credentials/own-accounts.ts'
import { createPeople } from '../../src/gateway/index.ts'
import { noConnections } from '../../src/oauth/account/no-connections.ts'
import { createAccounts } from '../../src/people/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing, createMemoryVault } from '../../src/vault/index.ts'
import { startWorld } from '../fixtures/sign-in-world.ts'
import { GATEWAY } from '../support/own-accounts.ts'
import { describeConnections } from './connections.ts'

const clock = Date.now
/** What a gateway keeps for people, two of whom have an account; `named`: of a server that asks for a secret of each. */
async function startGatewayPeople(named?: { authorization: ['Bearer ', { secret: string; of: 'person' }] }) {
  const store = createMemoryStore({ clock })
  const accounts = createAccounts({ store, clock })
  for (const name of ['ana', 'ben']) await accounts.create({ name, password: `${name} and a quiet harbour at dawn` })
  const tracker = {
    id: 'tracker',
    target: { url: 'https://tracker.example/mcp', headers: {} },
    tools: [],
    secrets: [],
    timeoutSeconds: undefined,
  }
  const people = createPeople({
    data: { store, keyRing: createMemoryKeyRing(), vault: createMemoryVault() },
    servers: named ? [{ ...tracker, named }] : [tracker],
    signIn: [],
    redactor: createRedactor(),
    log: silentLog,
    clock,
  })
  people.reach(GATEWAY, () => {})
  return people
}

describeConnections('of a gateway', ['account', 'secret'], async () => {
  const world = await startWorld()
  const people = await startGatewayPeople({ authorization: ['Bearer ', { secret: 'TRACKER', of: 'person' }] })
  const { connectable, close } = createOwnAccounts({
    ...people,
    server: 'notes',
    url: world.serverUrl,
    settings: {},
    clientInfo: { name: 'sallyport', version: '0' },
    log: silentLog,
  })
  return {
    connections: people.connections([connectable]),
    account: { id: 'notes', visit: world.visit },
    secret: { id: 'secret.TRACKER' },
    async end() {
      await close()
      people.close()
      await world[Symbol.asyncDispose]()
    },
  }
})

describeConnections('of a gateway whose servers ask for nothing of people’s', [], async () => {
  const people = await startGatewayPeople()
  return { connections: people.connections([]), end: async () => people.close() }
})

describeConnections('where there is no gateway', [], async () => ({ connections: noConnections, end: async () => {} }))
