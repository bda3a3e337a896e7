// A real `MCPServer` for tests, on any free port of loopback, with a data folder of its own. Keys and people come in beside it, through
// another connection to that folder, as an operator makes them while it runs; that the command line does so is what test/e2e shows.

import { silentLog } from '../../src/core/index.ts'
import { createApiKeys } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { type Listening, MCPServer, type MCPServerOptions } from '../../src/server/index.ts'
import { type Data, openData } from '../../src/vault/index.ts'
import { readInNoTime } from './browser.ts'
import { ALL_SCOPES } from './guard.ts'
import { createTempDir } from './paths.ts'

export interface TestServer extends Listening, AsyncDisposable {
  readonly server: MCPServer
  readonly dataDir: string
  key(scopes?: readonly string[], roles?: readonly string[]): Promise<string>
  user(name: string, password: string, roles?: readonly string[]): Promise<void>
}

export async function startServer(options: MCPServerOptions = {}): Promise<TestServer> {
  const folder = await createTempDir('server')
  const operator = createOperator(folder.path)
  const server = new MCPServer({ port: 0, dataDir: folder.path, log: silentLog, auth: { cimd: 'off' }, ...options })
  const listening = await server.listen()
  readInNoTime(listening.issuer, advanceHere)
  return {
    ...listening,
    ...operator,
    server,
    dataDir: folder.path,
    async [Symbol.asyncDispose]() {
      await server.close()
      await folder.remove()
    },
  }
}

const machines = Date.now
let aheadMs = 0
/** A server in code takes no clock but the process's. */
function advanceHere(milliseconds: number): void {
  aheadMs += milliseconds
  Date.now = aheadMs === 0 ? machines : () => machines() + aheadMs
}

/** Makes keys and people in the folder, as the command line does beside whoever serves it. */
export function createOperator(dataDir: string): Pick<TestServer, 'key' | 'user'> {
  let keys = 0
  async function withData<T>(use: (data: Data) => Promise<T>): Promise<T> {
    const data = await openData({ dataDir })
    try {
      return await use(data)
    } finally {
      await data.store.close()
    }
  }
  return {
    async key(scopes = ALL_SCOPES, roles = []) {
      keys += 1
      const wanted = { name: `test-${keys}`, scopes, roles, createdBy: 'test', expiresInDays: 90 }
      return withData(async (data) => (await createApiKeys({ ...data, clock: Date.now }).create(wanted)).key)
    },
    async user(name, password, roles = []) {
      const made = await withData(({ store }) => createAccounts({ store, clock: Date.now }).create({ name, password, roles }))
      if ('problem' in made) throw new Error(`no account ${name}: ${made.problem}`)
    },
  }
}
