// T13, G7: two callers at the same time, each with a canary that only its own answers may hold.

import assert from 'node:assert/strict'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { ROOT } from '../support/paths.ts'

verifies('T13', 'G7')

let rig: Rig
const entries = [
  tool('whoami', async (args, call) => {
    // Answers overtake each other.
    await delay(Math.random() * 3)
    call.notify({ method: 'notifications/progress', params: { progressToken: 1, progress: 1, message: call.principal.subject } })
    return say(`${call.principal.subject} ${String(args['canary'])}`)
  }),
  tool('secret-of-alice', () => say('x'), { permission: { access: 'private', clients: [], users: ['alice'], scopes: [], roles: [] } }),
]

before(async () => {
  rig = await startEngine(entries, { alice: principal('alice', { credential: 'token' }), bob: principal('bob') })
})
after(() => rig.close())

describe('T13: crossed answers', () => {
  it('1,000 interleaved calls of two callers with the same ids never cross', async () => {
    for (let round = 0; round < 50; round++) {
      const calls = Array.from({ length: 20 }, async (_, at) => {
        const who = at % 2 === 0 ? 'alice' : 'bob'
        const canary = `${who}-canary-${round}-${at}`
        const answer = await mcp(rig.url, { token: who, version: round % 2 === 0 ? '2026-07-28' : '2025-11-25' }).call(
          'whoami',
          { canary },
          { progressToken: 1 },
        )
        assert.equal(answer.result.content[0].text, `${who} ${canary}`)
        assert.equal(answer.notifications.length, 1)
        for (const { params } of answer.notifications) assert.equal(params.message, who)
      })
      await Promise.all(calls)
    }
  })
  it('a list is each caller’s own, and says that it is private', async () => {
    const list = async (token: string) => (await mcp(rig.url, { token, version: '2026-07-28' }).request('tools/list')).result
    const [alice, bob] = await Promise.all([list('alice'), list('bob')])
    assert.deepEqual(
      alice.tools.map((each: { name: string }) => each.name),
      ['whoami', 'secret-of-alice'],
    )
    assert.deepEqual(
      bob.tools.map((each: { name: string }) => each.name),
      ['whoami'],
    )
    assert.deepEqual([alice.cacheScope, bob.cacheScope], ['private', 'private'])
    assert.ok(alice.ttlMs >= 0)
  })
  it('400 interleaved calls of two callers through one upstream, its ids and its progress tokens, never cross', async () => {
    const everything = join(ROOT, 'node_modules/@modelcontextprotocol/server-everything/dist/index.js')
    const gateway = await startGateway({ servers: { everything: { command: process.execPath, args: [everything, 'stdio'] } } })
    try {
      const keys = { alice: (await gateway.key(['tools:execute'])).key, bob: (await gateway.key(['tools:execute'])).key }
      for (let round = 0; round < 20; round++) {
        const calls = Array.from({ length: 20 }, async (_, at) => {
          const who = at % 2 === 0 ? 'alice' : 'bob'
          const canary = `${who}-canary-${round}-${at}`
          const version = round % 2 === 0 ? '2026-07-28' : '2025-11-25'
          const answer = await mcp(gateway.url, { key: keys[who], version }).call('echo', { message: canary }, { progressToken: 1 })
          assert.ok(answer.result.content[0].text.endsWith(canary), answer.result.content[0].text)
        })
        await Promise.all(calls)
      }
    } finally {
      await gateway.stop()
    }
  })
})
