/**
 * The calculator behind Sallyport's own service, every guard on: `node sallyport-function.ts --tools N --data-dir DIR`. What
 * `sallyport guard` runs, with a function in the place of an upstream.
 *
 * Every limit counts, and is too high to be reached; every decision is recorded in SQLite. Keys are announced to the
 * harness; for tokens of our own authorization server there is the account `bench`, which the harness signs in with.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { compileCheck, createFunctionExecutor } from '../src/catalogue/index.ts'
import { createRedactor, type Entry, silentLog } from '../src/core/index.ts'
import { createAccounts, createApiKeys } from '../src/oauth/index.ts'
import { createService } from '../src/server/index.ts'
import { openData } from '../src/vault/index.ts'
import { calculate, jsonSchema, type Sum, toolNames } from './peers/calculator.ts'
import { announce, type Credentials } from './peers/serve.ts'

const { values } = parseArgs({
  options: { tools: { type: 'string', default: '1' }, 'data-dir': { type: 'string' }, password: { type: 'string' } },
})
if (!values['data-dir']) throw new Error('--data-dir is missing: the benchmark does not touch the data of a user')
const limit = { max: 1_000_000_000, windowSeconds: 60 }
const data = openData({ dataDir: values['data-dir'] })
const service = await createService({
  data,
  serveOn: { port: 0 },
  bounds: {
    limits: { address: limit, principal: limit, client: limit, tool: limit },
    bodyBytes: 4 * 1024 * 1024,
    depth: 64,
    listItems: 10_000,
    resultBytes: 1024 * 1024,
    deadlineSeconds: 60,
    concurrency: 64,
  },
  localScopes: [],
  serverInfo: { name: 'bench', version: '1.0.0' },
  instructions: () => undefined,
  features: () => ({ completions: false, logging: false, subscriptions: false, tasks: false }),
  redactor: createRedactor(),
  log: silentLog,
})
const entries = toolNames(Number(values.tools)).map((name) => toEntry(name, 'tools:execute'))
// A token can only be had for a scope that something asks for: this one does not open the calculator.
if (values.password !== undefined) entries.push(toEntry('peek', 'tools:read'))
service.engine.catalogue.replace('bench', entries)
service.serve()

const credentials = values.password === undefined ? await createKeys() : await createAccount(values.password)
announce({ url: service.url.replace('localhost', '127.0.0.1'), ...(credentials ? { credentials } : {}) }, service.close)

function toEntry(name: string, scope: string): Entry {
  const compiled = compileCheck(jsonSchema)
  if ('problem' in compiled) throw new Error(compiled.problem)
  return {
    kind: 'tool',
    name,
    definition: { name, description: 'Calculates', inputSchema: jsonSchema },
    permission: { access: 'protected', scopes: [scope], roles: [] },
    ask: false,
    rule: `default ${scope}`,
    check: compiled.check,
    mirrors: [],
    origin: { server: 'bench', name },
    executor: createFunctionExecutor((args) => calculate(args as unknown as Sum)),
  }
}

async function createKeys(): Promise<Credentials> {
  const apiKeys = createApiKeys({ store: data.store, keyRing: data.keyRing, clock: Date.now })
  const create = (scope: string) => apiKeys.create({ name: 'bench', scopes: [scope], createdBy: 'bench' })
  const [able, powerless] = [await create('tools:execute'), await create('tools:read')]
  return { able: { authorization: `Bearer ${able.key}` }, powerless: { authorization: `Bearer ${powerless.key}` } }
}

async function createAccount(password: string): Promise<undefined> {
  const made = await createAccounts({ store: data.store, clock: Date.now }).create({ name: 'bench', password })
  if ('problem' in made) throw new Error(made.problem)
}
