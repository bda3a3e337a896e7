import { createServer } from 'node:http'
import { allow, createRedactor, silentLog, systemClock, type TokenVerifier } from '/work/main/src/core/index.ts'
import { createFunctionExecutor } from '/work/main/src/catalogue/index.ts'
import { createLocalBus, createMemoryCounters, createMemoryStore } from '/work/main/src/storage/index.ts'
import { createMemoryKeyRing } from '/work/main/src/vault/index.ts'
import { createEngine } from '/work/main/src/server/engine.ts'
import { createDoor, createEndpoint, createFront, createSessions } from '/work/main/src/transports/index.ts'
const clock = systemClock
const store = createMemoryStore({ clock })
const bus = createLocalBus()
const verifier: TokenVerifier = { claims: () => true, verify: async (c) => allow({ principal: Object.freeze({ issuer: 'key', subject: c.value, clientId: 'c', credential: 'key', scopes: c.value === 'ro' ? ['tools:read'] : ['tools:read', 'tools:execute'], roles: [], credentialId: 'k' }), expiresAt: Infinity }) }
const n = 1e9
const engine = createEngine({ store, bus, counters: createMemoryCounters({ clock }), bounds: { limits: { address: { max: n, windowSeconds: 60 }, principal: { max: n, windowSeconds: 60 }, client: { max: n, windowSeconds: 60 }, tool: { max: n, windowSeconds: 60 } }, bodyBytes: 4 << 20, depth: 64, listItems: 10000, resultBytes: 1 << 24, deadlineSeconds: 60, concurrency: 64 }, verifiers: [verifier], resourceMetadataUrl: () => 'http://x/prm', redactor: createRedactor(), clock, log: silentLog, serverInfo: { name: 's', version: '1' }, instructions: () => undefined, completions: () => false })
engine.catalogue.replace('me', [{ kind: 'tool', name: 'calculator', definition: { name: 'calculator', inputSchema: { type: 'object' } }, permission: { access: 'protected', scopes: ['tools:execute'], roles: [] }, ask: false, rule: 'default', check: undefined, mirrors: [], origin: { server: 'me', name: 'calculator' }, executor: createFunctionExecutor(({ a, b }) => ({ content: [{ type: 'text', text: String((a as number) + (b as number)) }] })) }])
const front = await createFront({ port: +(process.argv[2] ?? 0), log: silentLog })
const door = createDoor({ port: front.port, origins: [] })
const reading = { bodyBytes: 4 << 20, json: { maxDepth: 64, maxItems: 10000 }, sessions: createSessions({ keyRing: createMemoryKeyRing(), ended: store.records('ended_session'), clock }) }
front.serve({ door, endpoint: createEndpoint({ pipeline: engine.pipeline, door, checkAddress: engine.limiter.checkAddress, reading, clock }), mounts: [] })
console.log(front.port)
process.on('SIGTERM', () => process.exit(0))
