/**
 * The calculator behind Sallyport's own engine, every guard on: `node sallyport-function.ts --credential key|jwt --tools N
 * --data-dir DIR`. The same parts as `sallyport guard`, with a function in the place of an upstream.
 *
 * Every limit counts, and is too high to be reached; every decision is recorded in SQLite.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { Ajv2020 } from 'ajv/dist/2020.js'
import { createCatalogue, createFunctionExecutor, createOwnMethods } from '../src/catalogue/index.ts'
import { createRedactor, type Entry, silentLog, systemClock } from '../src/core/index.ts'
import {
  createApprove,
  createAudit,
  createAuditTrail,
  createAuthenticate,
  createAuthorize,
  createExecute,
  createLimiter,
  createRelease,
  createValidate,
} from '../src/guards/index.ts'
import { createApiKeys } from '../src/oauth/api-keys.ts'
import { createPipeline } from '../src/pipeline/index.ts'
import { createLocalBus, createMemoryCounters } from '../src/storage/index.ts'
import { createDoor, createEndpoint, createFront, createSessions } from '../src/transports/index.ts'
import { openData } from '../src/vault/index.ts'
import { calculate, jsonSchema, type Sum, toolNames } from './peers/calculator.ts'
import { announce, type Credentials } from './peers/serve.ts'

const { values } = parseArgs({
  options: { credential: { type: 'string' }, tools: { type: 'string', default: '1' }, 'data-dir': { type: 'string' } },
})
const clock = systemClock
const redactor = createRedactor()
const bus = createLocalBus()
const { store, keyRing } = openData({ dataDir: values['data-dir'], clock })
const limit = { max: 1_000_000_000, windowSeconds: 60 }

const catalogue = createCatalogue({ redactor })
const own = createOwnMethods({
  catalogue,
  serverInfo: { name: 'bench', version: '1.0.0' },
  instructions: () => undefined,
  completions: () => false,
})
catalogue.replace('bench', toolNames(Number(values.tools)).map(toEntry))

const limiter = createLimiter({
  limits: { address: limit, principal: limit, client: limit, tool: limit },
  counters: createMemoryCounters({ clock }),
  hasTool: (name) => catalogue.find('tool', name) !== undefined,
})
const trail = createAuditTrail({ audit: store.audit, clock, log: silentLog, redactor })
const apiKeys = createApiKeys({ store, keyRing, clock, bus })
const { release, notification } = createRelease({ redactor, resultBytes: 1024 * 1024 })
const pipeline = createPipeline(
  {
    authenticate: createAuthenticate({ verifiers: [apiKeys.verifier], bus, clock }),
    limit: limiter.limit,
    authorize: createAuthorize({ catalogue }),
    validate: createValidate(),
    approve: createApprove(),
    execute: createExecute({ own: own.find, deadlineSeconds: 60, concurrency: 1_000, clock, releaseNotification: notification }),
    release,
    audit: createAudit({ record: trail.record, redactor, clock }),
    auditing: trail.accepting,
  },
  { resourceMetadataUrl: () => undefined, challengeScopes: catalogue.scopes },
)

const front = await createFront({ port: 0, log: silentLog })
const door = createDoor({ port: front.port, origins: [] })
const reading = {
  bodyBytes: 4 * 1024 * 1024,
  json: { maxDepth: 64, maxItems: 10_000 },
  sessions: createSessions({ keyRing, ended: store.records<true>('ended_session'), clock }),
}
front.serve({ door, endpoint: createEndpoint({ pipeline, door, checkAddress: limiter.checkAddress, reading, clock }), mounts: [] })

announce({ url: `http://127.0.0.1:${front.port}/mcp`, credentials: await keys() }, async () => {
  await front.close()
  await trail.close()
  await store.close()
})

function toEntry(name: string): Entry {
  const validate = new Ajv2020({ strict: false, ownProperties: true }).compile(jsonSchema)
  return {
    kind: 'tool',
    name,
    definition: { name, description: 'Calculates', inputSchema: jsonSchema },
    permission: { access: 'protected', scopes: ['tools:execute'], roles: [] },
    ask: false,
    rule: 'default tools:execute',
    check(args) {
      if (validate(args)) return undefined
      const [problem] = validate.errors ?? []
      return { path: problem?.instancePath ?? '', rule: problem?.keyword ?? 'schema' }
    },
    mirrors: [],
    origin: { server: 'bench', name },
    executor: createFunctionExecutor((args) => calculate(args as unknown as Sum)),
  }
}

async function keys(): Promise<Credentials> {
  const create = (scope: string) => apiKeys.create({ name: 'bench', scopes: [scope], createdBy: 'bench' })
  const [able, powerless] = [await create('tools:execute'), await create('tools:read')]
  return { able: { authorization: `Bearer ${able.key}` }, powerless: { authorization: `Bearer ${powerless.key}` } }
}
