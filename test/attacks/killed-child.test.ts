// A guarded server that dies, by whatever hand, takes nobody with it: whoever waits for it is told so in words, others do not
// notice, it comes back, and the record has every call. One that cannot live is not started over and over at full speed.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { verifies } from '../requirements.ts'
import { createWitness, type Gateway, said, startGateway, type Witness } from '../support/gateway.ts'
import { mcp, type Version } from '../support/mcp.ts'
import { processesOf } from '../support/sandbox.ts'
import { lived, until } from '../support/until.ts'

verifies('T11')

const ERAS: readonly Version[] = ['2026-07-28', '2025-11-25']
const STOPPED =
  /^The server a stopped while it was answering\. It is being restarted; the call may or may not have taken effect\. \(dec_\w+\)$/
const tools = [tool('look'), tool('never'), tool('crash')]

let gateway: Gateway
let a: Witness
let b: Witness
let key: string

before(async () => {
  gateway = await startGateway({
    servers: (folder) => {
      a = createWitness(folder, 'a', { era: 'legacy', name: 'a', tools })
      b = createWitness(folder, 'b', { era: 'legacy', name: 'b', tools })
      return { a: a.entry, b: b.entry }
    },
    config: { limits: { concurrency: 200, deadlineSeconds: 20 } },
  })
  key = (await gateway.key()).key
})
after(() => gateway[Symbol.asyncDispose]())

const asked = (witness: Witness, name: string): number =>
  witness.messages().filter(({ method, params }) => method === 'tools/call' && params.name === name).length
const kill = (witness: Witness): boolean => process.kill(processesOf(witness.entry.args.at(-1) as string)[0] as number, 'SIGKILL')

describe('a child is killed', () => {
  for (const version of ERAS) {
    it(`in the middle of a call of ${version}: its caller gets a sentence, others notice nothing, the next call works`, async () => {
      const client = mcp(gateway.url, { key, version })
      assert.equal(said(await client.call('b__look')), 'b: look')
      const [before, starts, startsOfB] = [asked(a, 'never'), a.starts().length, b.starts().length]
      const waiting = client.call('a__never')
      const beside = client.call('b__never')
      await until('the call', () => asked(a, 'never') === before + 1)
      kill(a)
      const answer = await waiting
      assert.equal(answer.status, 200)
      assert.equal(answer.result.isError, true)
      assert.match(said(answer), STOPPED)
      // While it is down: others answer, and a call to it waits for its return.
      const [other, next] = await Promise.all([client.call('b__look'), client.call('a__look')])
      assert.deepEqual([said(other), said(next)], ['b: look', 'a: look'])
      assert.equal(a.starts().length, starts + 1)
      assert.equal(b.starts().length, startsOfB)
      assert.equal(await Promise.race([beside, delay(20, 'still waiting')]), 'still waiting')
      kill(b)
      assert.match(said(await beside), /^The server b stopped/)
    })
  }
})

describe('a child is killed under load', () => {
  it('with 100 calls in flight, 100 callers are told, and all of it is on record', async () => {
    await using alone = await startGateway({
      servers: (folder) => {
        a = createWitness(folder, 'a', { era: 'legacy', name: 'a', tools })
        return { a: a.entry }
      },
      config: { limits: { concurrency: 200 } },
    })
    const client = mcp(alone.url, { key: (await alone.key()).key })
    const calls = Array.from({ length: 100 }, (_, at) => client.call('never', { at }))
    await until('100 calls', () => asked(a, 'never') === 100, 10_000)
    kill(a)
    const answers = await Promise.all(calls)
    for (const answer of answers) assert.match(said(answer), STOPPED)
    assert.equal(said(await client.call('look')), 'a: look')
    // Nothing is called a second time behind the caller's back.
    assert.equal(asked(a, 'never'), 100)
    const ofCalls = async () => (await alone.records()).filter(({ action }) => action === 'tools/call')
    // They are stored together, a moment after the answers.
    await until('the records', async () => (await ofCalls()).length >= 101)
    const records = await ofCalls()
    assert.equal(
      records.filter(({ reason, target, server }) => reason === 'upstream_unavailable' && target === 'never' && server === 'a').length,
      100,
    )
    assert.equal(records.length, 101)
    assert.equal(new Set(answers.map((answer) => answer.result._meta['sallyport/decision'])).size, 100)
  })
})

describe('a child that cannot live', () => {
  it('is tried again later and later, its callers get the sentence soon, and once it can live it is back', async () => {
    await using alone = await startGateway({
      servers: (folder) => {
        a = createWitness(folder, 'a', { era: 'legacy', name: 'a', tools })
        b = createWitness(folder, 'b', { era: 'legacy', name: 'b', tools })
        return { a: a.entry, b: b.entry }
      },
    })
    const client = mcp(alone.url, { key: (await alone.key()).key })
    a.become({ era: 'legacy', name: 'dead on arrival' })
    const startedAt = Date.now()
    using time = lived()
    assert.match(said(await client.call('a__crash')), STOPPED)
    const answers = await Promise.all(Array.from({ length: 20 }, () => client.call('a__look')))
    for (const answer of answers) assert.match(said(answer), /^The server a is not running at the moment\. Try again later\. \(dec_\w+\)$/)
    assert.ok(time.ms() < 4_000, 'soon')
    // 250 ms, 500 ms, 1 s, …, and at least half of each lie before the starts after the second.
    const starts = a.starts().length
    const leastMs = 125 * (2 ** Math.max(0, starts - 2) - 1)
    assert.ok(Date.now() - startedAt >= leastMs, `${starts} starts`)
    await until('it was tried again', () => a.starts().length >= 3, 15_000)
    assert.equal(said(await client.call('b__look')), 'b: look')
    // What it had stays in the lists: who may do what does not depend on who is up.
    assert.deepEqual(
      (await client.list()).map(({ name }) => name).filter((name) => name.endsWith('look')),
      ['a__look', 'b__look'],
    )

    a.become({ era: 'legacy', name: 'a', tools })
    await until('it is back', async () => said(await client.call('a__look')) === 'a: look', 10_000)
    assert.match(alone.log(), /a: it exited with code 3; trying again/)
  })
})
