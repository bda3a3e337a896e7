// RS22: somebody who calls as often as they can, in every way there is to call (server/tools §Security Considerations).

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import { toLimits } from '../../src/guards/index.ts'
import { verifies } from '../requirements.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

verifies('RS22', 'limits', 'limit-answer')

const principals = { alice: principal('alice'), 'alice-too': principal('alice', { credentialId: 'second' }), bob: principal('bob') }
let rig: Rig
let executed = 0

async function start(options: Parameters<typeof toLimits>[0]): Promise<void> {
  executed = 0
  const run = () => {
    executed++
    return say('ran')
  }
  const entries = [
    tool('plain', run),
    tool('dear', run, { limits: { cost: 7 } }),
    tool('rare', run, { limits: { rate: { max: 2, windowMs: 60_000 } } }),
    tool('secret', run, { permission: { access: 'private', clients: [], users: ['carol'], scopes: [], roles: [] } }),
  ]
  const { limits: rates, headers, handler } = toLimits(options)
  rig = await startEngine(entries, principals, { rates }, undefined, { limitHeaders: headers, ...(handler && { limitHandler: handler }) })
}
afterEach(() => rig.close())

const as = (token: string, version: '2026-07-28' | '2025-11-25' = '2026-07-28') => mcp(rig.url, { token, version })
const tally = (answers: readonly { readonly status: number }[]): Record<number, number> =>
  answers.reduce<Record<number, number>>((sum, { status }) => ({ ...sum, [status]: (sum[status] ?? 0) + 1 }), {})

describe('RS22: flooding', () => {
  it('of calls that arrive together, exactly as many run as the budget holds', async () => {
    await start({ max: 20, by: 'principal' })
    const answers = await Promise.all(Array.from({ length: 100 }, () => as('alice').call('plain')))
    assert.deepEqual(tally(answers), { 200: 20, 429: 80 })
    assert.equal(executed, 20)
    assert.ok(answers.every(({ status, headers }) => status === 200 || Number(headers['retry-after']) > 0))
    assert.equal((await as('bob').call('plain')).status, 200)
  })
  it('a dear tool runs as often as its cost allows, and spends the budget of the cheap ones', async () => {
    await start({ max: 20, by: 'principal' })
    const answers = await Promise.all(Array.from({ length: 30 }, () => as('alice').call('dear')))
    assert.deepEqual(tally(answers), { 200: 2, 429: 28 })
    assert.equal((await as('alice').call('plain')).status, 429)
    assert.equal(executed, 2)
  })
  for (const by of ['address', 'both'] as const) {
    it(`a dear tool spends the budget of the address too, where that is counted (${by})`, async () => {
      await start({ max: 20, by })
      const answers = []
      for (let n = 0; n < 5; n++) answers.push(await as(n % 2 === 0 ? 'alice' : 'bob').call('dear'))
      assert.deepEqual(tally(answers), { 200: 2, 429: 3 })
      assert.equal((await as('bob').call('plain')).status, 429)
      assert.equal(executed, 2)
    })
  }
  it('another credential, revision, session, method or path is not another budget', async () => {
    await start({ max: 9, by: 'principal' })
    const legacy = as('alice', '2025-11-25')
    await legacy.call('plain')
    const ways = [
      () => as('alice-too').call('plain'),
      () => legacy.call('plain'),
      () => as('alice', '2025-11-25').request('ping'),
      () => as('alice').request('tools/list'),
      () => as('alice').request('no/such/method'),
      () => as('alice').request('completion/complete', { ref: { type: 'ref/prompt', name: 'none' }, argument: { name: 'a', value: '' } }),
      () => as('alice').notify('notifications/progress', { progressToken: 1, progress: 1 }),
      () => mcp(rig.url, { headers: { 'x-api-key': 'alice' } }).call('plain'),
    ]
    for (let round = 0; round < 3; round++) for (const way of ways) await way().catch(() => undefined)
    const before = executed
    for (const way of ways) assert.equal((await way().catch(() => ({ status: 429 }))).status, 429, String(way))
    assert.equal(executed, before)
    assert.equal((await as('bob').call('plain')).status, 200)
  })
  it('an address that says it is another one is still the same', async () => {
    await start({ max: 5, by: 'address' })
    const answers = []
    for (let n = 0; n < 12; n++) {
      const forged = {
        'x-forwarded-for': `203.0.113.${n}`,
        forwarded: `for=203.0.113.${n}`,
        'x-real-ip': `203.0.113.${n}`,
        'cf-connecting-ip': `203.0.113.${n}`,
      }
      answers.push(await mcp(rig.url, { token: 'alice', headers: forged }).call('plain'))
    }
    assert.deepEqual(tally(answers), { 200: 5, 429: 7 })
  })
  it('strangers spend what strangers have: whoever has a credential is still served', async () => {
    await start({ max: 10 })
    const strangers = await Promise.all(Array.from({ length: 60 }, () => mcp(rig.url).post('{}')))
    assert.deepEqual(tally(strangers), { 401: 10, 429: 50 })
    const pages = await Promise.all(
      Array.from({ length: 60 }, () => mcp(rig.url, { token: 'alice', headers: { origin: 'https://app.example' } }).call('plain')),
    )
    assert.deepEqual(tally(pages), { 200: 10, 429: 50 })
    assert.equal((await as('bob').call('plain')).status, 200)
  })
  it('an invented credential gives no further budget', async () => {
    const of = async (headers: Record<string, string>) =>
      tally(await Promise.all(Array.from({ length: 20 }, () => mcp(rig.url, { headers }).post('{}'))))
    for (const invented of [{ 'x-api-key': 'x' }, { authorization: 'Bearer x' }, { authorization: 'Basic eDp4' }, { 'x-api-key': '' }]) {
      await start({ max: 10 })
      assert.deepEqual(await of({}), { 401: 10, 429: 10 })
      assert.deepEqual(await of(invented as Record<string, string>), { 429: 20 }, JSON.stringify(invented))
      await rig.close()
    }
    await start({})
  })
  it('guessing credentials is held back with the address, before any is verified', async () => {
    await start({ max: 10, by: 'address' })
    const answers = await Promise.all(Array.from({ length: 40 }, (_, n) => as(`guess-${n}`).call('plain')))
    assert.deepEqual(tally(answers), { 401: 10, 429: 30 })
  })
  it('a tool’s own budget is each caller’s own, and a hidden tool has none that could be told from an invented one’s', async () => {
    await start({ max: 1_000, tools: { max: 3 } })
    const rare = await Promise.all(Array.from({ length: 5 }, () => as('alice').call('rare')))
    assert.deepEqual(tally(rare), { 200: 2, 429: 3 })
    assert.equal((await as('bob').call('rare')).status, 200)
    const told = async (name: string) => {
      const answers = []
      for (let n = 0; n < 6; n++) answers.push(await as('bob').call(name))
      return answers.map(({ status, headers, error }) => [status, headers['ratelimit-policy'], error?.code])
    }
    assert.deepEqual(await told('secret'), await told('invented'))
  })
  it('every refusal is on record, or counted in one', async () => {
    await start({ max: 3, by: 'principal' })
    await Promise.all(Array.from({ length: 50 }, () => as('alice').call('plain')))
    const refused = (await rig.records()).filter(({ reason }) => reason === 'rate_limited')
    const count = refused.reduce((sum, { repeated }) => sum + (typeof repeated === 'number' ? repeated : 1), 0)
    assert.equal(count, 47)
    assert.ok(refused.every(({ facts }) => JSON.stringify(facts).includes('"policy":"principal","max":3')))
  })
  it('whatever a handler writes, nothing runs, and the record says what was decided', async () => {
    const replies = ['{"jsonrpc":"2.0","id":1,"result":{"content":[]}}']
    const handlers: NonNullable<Parameters<typeof toLimits>[0]>['handler'][] = [
      (_, res) => res.status(200).send(replies[0]),
      (_, res) => res.status(429).setHeader('Content-Type', 'application/json').end(replies[0]),
      () => ({ allowed: true, value: {} }),
      async () => Promise.reject(new Error('Bearer alice')),
      (req, res) => Object.assign(res, { written: undefined, status: 200 }) && Object.assign(req, { principal: {} }),
    ]
    for (const handler of handlers) {
      await start({ max: 1, by: 'principal', handler })
      await as('alice').call('plain')
      const refused = await as('alice').call('plain')
      assert.equal(refused.status, 429, String(handler))
      assert.ok(Number(refused.headers['retry-after']) > 0)
      assert.equal(executed, 1)
      const records = (await rig.records()).map(({ decision, reason }) => `${String(decision)} ${String(reason)}`)
      assert.deepEqual(records.toSorted(), ['allow allowed', 'deny rate_limited'])
      await rig.close()
    }
    await start({})
  })
})
