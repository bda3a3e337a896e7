// T13: callers at the same time whose results are too large to send: each reads its own canary behind its own link, and never another's,
// whatever is stored, read, searched and pushed out in between.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { type McpClient, mcp } from '../support/mcp.ts'
import type { Json } from '../support/sse.ts'

verifies('T13', 'results-own')

const names = ['alice', 'bob', 'carol', 'dan'] as const
const ROUNDS = 25
const EACH = 40

let rig: Rig
before(async () => {
  const entries = [
    tool('report', async (args, call) => {
      // Answers overtake each other.
      await delay(Math.random() * 3)
      return say(`${'filler '.repeat(600)}${call.principal.subject} ${String(args['canary'])} ${'filler '.repeat(600)}`)
    }),
  ]
  const people = Object.fromEntries(names.map((name) => [name, principal(name, { credential: 'token' })]))
  // The oldest of each are pushed out all the time.
  rig = await startEngine(entries, people, {}, undefined, { results: { maxBytes: 2_048, stored: 25 } })
})
after(() => rig.close())

describe('T13: crossed links', () => {
  it('1,000 interleaved calls of four callers: nobody reads what is another’s', async () => {
    const clients = (['2026-07-28', '2025-11-25'] as const).map((version) =>
      Object.fromEntries(names.map((who) => [who, mcp(rig.url, { token: who, version })])),
    )
    const known: { readonly who: string; readonly uri: string; readonly canary: string }[] = []
    let read = 0
    for (let round = 0; round < ROUNDS; round++) {
      const calls = Array.from({ length: EACH }, async (_, at) => {
        const who = names[at % names.length] as string
        const canary = `${who}-canary-${round}-${at}-`
        const client = clients[round % 2]?.[who] as McpClient
        const { result } = await client.call('report', { canary })
        assert.doesNotMatch(JSON.stringify(result), /canary/, 'it is behind the head')
        const { uri } = result.content.find(({ type }: Json) => type === 'resource_link')
        // Somebody else's link, of just now.
        const other = known.find((each) => each.who !== who)
        known.unshift({ who, uri, canary })
        if (other) {
          const answer = await client.request('resources/read', { uri: other.uri })
          assert.equal(answer.error?.message, 'Resource not found')
        }
        const found = await client.request('resources/read', { uri: `${uri}?search=canary` })
        // It may have been pushed out by now, by its owner's own.
        if (found.error) return assert.equal(found.error.message, 'Resource not found')
        const { matches } = JSON.parse(found.result.contents[0].text)
        assert.equal(matches.length, 1)
        assert.ok(matches[0].text.includes(`${who} ${canary}`), matches[0].text)
        read++
      })
      await Promise.all(calls)
    }
    assert.ok(read > (ROUNDS * EACH) / 2, `${read} of ${ROUNDS * EACH} were read`)
  })
})
