// One person's secret never serves another: not in a process, not in a request, not while secrets come and go. And a secret is nowhere
// but where it is handed over: not in results, logs, the record, files, lists or anybody's arguments.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { createApiKeys } from '../../src/oauth/index.ts'
import { createAccounts } from '../../src/people/index.ts'
import { createNamedSecrets, type NamedSecrets } from '../../src/vault/index.ts'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import { type Gateway, said, startGateway } from '../support/gateway.ts'
import { ALL_SCOPES } from '../support/guard.ts'
import { type McpClient, mcp, type Version } from '../support/mcp.ts'
import { ROOT } from '../support/paths.ts'
import { granted, processesOf } from '../support/sandbox.ts'
import { until } from '../support/until.ts'

verifies('own-secrets', 'named-secrets', 'T13')

const PEOPLE = ['ana', 'bob', 'eve'] as const
const SHARED = 'the-gateways-own-canary-55aa'
const ownOf = (user: string): string => `canary-token-of-${user}`

let gateway: Gateway
let web: HttpWitness
let secrets: NamedSecrets
let started: string
const keys: Record<string, string> = {}

before(async () => {
  web = await startHttpWitness({ era: 'legacy', name: 'web', tools: [tool('look')] })
  gateway = await startGateway({
    servers: (folder) => {
      started = join(folder, 'identity')
      mkdirSync(started)
      const args = [join(ROOT, 'test', 'fixtures', 'identity-server.ts'), started]
      const sandbox = granted({ write: [started] })
      return {
        child: {
          command: process.execPath,
          args,
          env: { TOKEN: '${user-secret:TRACKER}', SHARED: '${secret:GATEWAY}', INSTANCE: 'random' },
          sandbox,
        },
        web: { url: web.url, headers: { Authorization: 'Bearer ${user-secret:TRACKER}', 'X-Gateway': '${secret:GATEWAY}' } },
      }
    },
    config: { limits: { principal: { max: 100_000 }, client: { max: 100_000 }, tool: { max: 100_000 }, address: { max: 100_000 } } },
  })
  const { store, keyRing, vault } = gateway.data
  secrets = createNamedSecrets({ store, vault, clock: Date.now })
  const accounts = createAccounts({ store, clock: Date.now })
  const made = createApiKeys({ store, keyRing, clock: Date.now, accounts })
  for (const name of PEOPLE) {
    await accounts.create({ name, password: `the harbour of ${name} at dawn` })
    keys[name] = (await made.create({ name, scopes: ALL_SCOPES, createdBy: name, account: name })).key
  }
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
})

const client = (user: string, version: Version = '2025-11-25'): McpClient => mcp(gateway.url, { key: keys[user] as string, version })
const starts = (): { pid: number; argv: string[]; token: string; shared: string }[] => {
  const file = join(started, 'starts')
  const lines = existsSync(file) ? readFileSync(file, 'utf8').split('\n').filter(Boolean) : []
  return lines.map((line) => JSON.parse(line))
}
const setAll = async (): Promise<void> => {
  await secrets.set({ name: 'GATEWAY', value: SHARED, setBy: 'op' })
  for (const user of ['ana', 'bob']) await secrets.set({ name: 'TRACKER', user, value: ownOf(user), setBy: user })
  await until('the lists', async () => (await client('ana').list()).some(({ name }) => name === 'child__whoami'), 15_000)
  await until('the lists', async () => (await client('ana').list()).some(({ name }) => name === 'web__look'), 15_000)
}

describe('before anybody has set anything', () => {
  it('nothing is started or sent; a caller has one tool a server, which says where to', async () => {
    const names = (await client('eve').list()).map(({ name }) => name)
    assert.deepEqual(names, ['child__connect', 'web__connect'])
    for (const name of names) {
      const answer = await client('eve').call(name)
      assert.equal(answer.result.isError, true)
      assert.match(said(answer), /\/account\/connections\/secret\.TRACKER|operator/)
      assert.ok(!said(answer).includes('eve'))
    }
    assert.deepEqual(starts(), [])
    assert.ok(!web.everything().includes('authorization'))
  })
})

describe('two people at once', () => {
  before(setAll)

  it('1,000 interleaved calls through processes: each ends in its own person’s', async () => {
    const processes = new Map<string, Set<string>>()
    for (let round = 0; round < 25; round++) {
      const version = round % 2 === 0 ? '2026-07-28' : '2025-11-25'
      const clients = { ana: client('ana', version), bob: client('bob', version) }
      const calls = Array.from({ length: 40 }, async (_, at) => {
        const user = at % 2 === 0 ? 'ana' : 'bob'
        const canary = `${user}-${round}-${at}`
        const answer = await clients[user].call(`child__${at % 3 === 0 ? 'whoami' : 'slowly'}`, { canary })
        const [who, pid = '', given] = said(answer).split(' ')
        assert.deepEqual([who, given], [user, canary], said(answer))
        processes.set(user, (processes.get(user) ?? new Set()).add(pid))
      })
      await Promise.all(calls)
    }
    const [ana, bob] = [processes.get('ana'), processes.get('bob')]
    assert.equal(ana?.size, 1)
    assert.equal(bob?.size, 1)
    assert.notDeepEqual([...ana], [...bob])
  })

  it('1,000 interleaved calls over HTTP: each request carries its own person’s header', async () => {
    const before = web.seen.length
    for (let round = 0; round < 25; round++) {
      const version = round % 2 === 0 ? '2026-07-28' : '2025-11-25'
      const clients = { ana: client('ana', version), bob: client('bob', version) }
      const calls = Array.from({ length: 40 }, async (_, at) => {
        const user = at % 2 === 0 ? 'ana' : 'bob'
        assert.equal(said(await clients[user].call('web__look', { canary: `canary-of-${user}` })), 'web: look')
      })
      await Promise.all(calls)
    }
    const called = web.seen.slice(before).filter(({ body }) => body?.method === 'tools/call')
    assert.equal(called.length, 1000)
    for (const { headers, body } of called) {
      const user = String(body.params.arguments.canary).slice('canary-of-'.length)
      assert.deepEqual(
        headers.filter(([name]) => name === 'authorization' || name === 'x-gateway'),
        [
          ['authorization', `Bearer ${ownOf(user)}`],
          ['x-gateway', SHARED],
        ],
      )
    }
  })

  it('while one person’s secret is exchanged and taken back all the time, nobody ever has the other’s', async () => {
    let isOver = false
    const exchanging = (async () => {
      for (let turn = 0; turn < 8; turn++) {
        await secrets.set({ name: 'TRACKER', user: 'bob', value: `turn-${turn}-${ownOf('bob')}`, setBy: 'bob' })
        await new Promise((resolve) => setTimeout(resolve, 300))
        if (turn % 3 === 2) await secrets.remove('TRACKER', 'bob')
        await new Promise((resolve) => setTimeout(resolve, 200))
      }
      isOver = true
    })()
    const pids = new Set<string>()
    const calling = { ana: 0, bob: 0 }
    const call = async (user: 'ana' | 'bob'): Promise<void> => {
      const own = client(user)
      while (!isOver) {
        const answer = await own.call('child__slowly', { canary: user })
        const [who, pid = '', given] = said(answer).split(' ')
        if (user === 'ana') pids.add(pid)
        // Bob may be told that his is missing, or that his process stopped; never Ana's.
        if (user === 'bob' && answer.result.isError === true) continue
        assert.deepEqual([who, given], [user, user], said(answer))
        calling[user]++
      }
    }
    await Promise.all([call('ana'), call('ana'), call('bob'), call('bob'), call('bob')])
    await exchanging
    assert.ok(calling.ana >= 100 && calling.bob >= 10, JSON.stringify(calling))
    assert.equal(pids.size, 1, 'hers was not touched')
  })

  it('somebody who has set nothing gets a link that says nothing of them, and a key of nobody gets no process', async () => {
    const before = starts().length
    for (const name of ['child__whoami', 'web__look']) {
      const answer = await client('eve').call(name)
      assert.equal(answer.result.isError, true)
      assert.match(said(answer), /needs you to set a TRACKER of your own\. Do that at .*\/account\/connections\/secret\.TRACKER/s)
      assert.ok(!said(answer).includes('eve'))
    }
    const nobody = mcp(gateway.url, { key: (await gateway.key()).key })
    for (const name of ['child__whoami', 'web__look'])
      assert.match(JSON.stringify((await nobody.call(name)).body), /nobody’s in particular/)
    assert.equal(starts().length, before)
  })
})

describe('where a secret is', () => {
  before(setAll)

  it('a server that says it gets it taken out, in every form, of results and of the log', async () => {
    const answer = await client('ana').call('child__leak')
    assert.match(said(answer), /^it is \[redacted\], \[redacted\]=* and \[redacted\]$/)
    await until('its stderr', () => gateway.log().includes('it is [redacted]'))
    for (const canary of ['canary-token-of', SHARED]) assert.ok(!gateway.log().includes(canary))
  })

  it('it is in the environment of its person’s process, and in nobody’s arguments', { skip: process.platform !== 'linux' }, async () => {
    await client('ana').call('child__whoami')
    const running = processesOf(started)
    assert.ok(running.length > 0)
    for (const pid of running) {
      const [line = '', environment = ''] = ['cmdline', 'environ'].map((file) => readFileSync(`/proc/${pid}/${file}`, 'latin1'))
      assert.ok(!line.includes('canary'))
      assert.equal(PEOPLE.filter((user) => environment.includes(ownOf(user))).length, 1)
    }
    assert.ok(starts().every(({ argv }) => !argv.join(' ').includes('canary')))
  })

  it('it is in no record, no file of ours and no list', async () => {
    const ran = await gateway.cli('secret', 'list', '--json')
    assert.equal(ran.code, 0, ran.stderr)
    assert.equal(JSON.parse(ran.stdout).secrets.length, 3)
    const records = JSON.stringify(await gateway.records())
    assert.match(records, /not_connected/)
    const files = readdirSync(gateway.dataDir).map((file) => readFileSync(join(gateway.dataDir, file), 'latin1'))
    for (const text of [ran.stdout, ran.stderr, records, ...files])
      for (const canary of ['canary-token-of', SHARED]) assert.ok(!text.includes(canary))
  })
})
