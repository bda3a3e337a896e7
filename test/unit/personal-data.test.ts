// Personal data in what is answered, by the rules of its entry: in every kind of answer, for every action; and what stands for it, both ways.

import assert from 'node:assert/strict'
import { describe, it, type TestContext } from 'node:test'
import { allow, compilePersonal, deny, type Entry, type JsonObject, type PersonalPolicy, type Produced } from '../../src/core/index.ts'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryKeyRing } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'
import { principal, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'
import { vaultOf } from '../support/vault.ts'

verifies('personal-rules', 'personal-signs')

const CARD = '4111 1111 1111 1111'
const MAIL = 'ana.lopez@example.com'
const DAY_MS = 86_400_000
const scopes = ['tools:read', 'tools:execute', 'prompts:read', 'resources:read']
const people = {
  ana: principal('ana', { credential: 'token' }),
  ben: principal('ben', { credential: 'token' }),
  reader: principal('reader', { credential: 'token', scopes: [...scopes, 'data:reveal'] }),
}
let now = Date.now()

async function start(t: TestContext, entries: readonly Entry[], policy?: PersonalPolicy, more: object = {}) {
  const clock = (): number => now
  const store = createMemoryStore({ clock })
  const keyRing = createMemoryKeyRing()
  const vault = vaultOf(keyRing)
  const rig = await startEngine(entries, people, {}, undefined, { clock, store, keyRing, vault, personal: { policy, ...more } })
  t.after(() => rig.close())
  return { rig, store, vault, as: (who: keyof typeof people) => mcp(rig.url, { token: who, version: '2026-07-28' }) }
}
const made = (produced: Produced, personal: PersonalPolicy | undefined, over: Partial<Entry> = {}): Entry =>
  tool('made', () => ({}), {
    ...over,
    ...(personal && { release: { personal: compilePersonal(personal) } }),
    executor: { execute: () => allow(produced) },
  })
const result = (text: string, more: object = {}): Produced => ({ kind: 'result', result: { content: [{ type: 'text', text }], ...more } })
/** Answers what it was given. */
const echo = (over: Partial<Entry> = {}): Entry =>
  tool('echo', () => ({}), {
    ...over,
    executor: { execute: ({ args }) => allow({ kind: 'result', result: { content: [{ type: 'text', text: JSON.stringify(args) }] } }) },
  })

describe('personal data in what is answered', () => {
  it('stays where nothing is said', async (t) => {
    const { as } = await start(t, [made(result(`${CARD} ${MAIL}`), undefined)])
    assert.equal((await as('ana').call('made')).result.content[0].text, `${CARD} ${MAIL}`)
  })
  it('is masked, hashed, dropped or left, as its kind is said', async (t) => {
    const text = `card ${CARD}, mail ${MAIL}, phone +1 415 555 2671, from 192.0.2.7, account DE89 3704 0044 0532 0130 00`
    const policy = { card: 'mask', email: 'hash', phone: 'drop', ip: 'allow', iban: 'mask' } as const
    const { as } = await start(t, [made(result(text), policy)])
    const [one, other] = [await as('ana').call('made'), await as('ben').call('made')].map((answer) => answer.result.content[0].text)
    assert.match(one, /^card \[redacted:card\], mail \[email:[0-9a-f]{16}\], phone , from 192\.0\.2\.7, account \[redacted:iban\]$/)
    assert.equal(one, other)
  })
  it('is looked for in structured content, in names, beside a name, in long numbers and in the text of blobs, and links are left alone', async (t) => {
    const blob = Buffer.from(`to: ${MAIL}`).toString('base64')
    const { as } = await start(t, [
      made(
        result('', {
          structuredContent: { [MAIL]: 1, card: 4111111111111111, count: 41111, phone: '9472 7916', note: '9472 7916' },
          content: [
            { type: 'resource', resource: { uri: `mail://${MAIL}`, blob } },
            { type: 'resource_link', uri: `mail://${MAIL}`, name: MAIL },
          ],
        }),
        { card: 'mask', email: 'mask', phone: 'mask' },
      ),
    ])
    const { content, structuredContent } = (await as('ana').call('made')).result
    assert.deepEqual(structuredContent, {
      '[redacted:email]': 1,
      card: '[redacted:card]',
      count: 41111,
      phone: '[redacted:phone]',
      note: '9472 7916',
    })
    assert.equal(Buffer.from(content[0].resource.blob, 'base64').toString(), 'to: [redacted:email]')
    assert.deepEqual([content[0].resource.uri, content[1].uri, content[1].name], [`mail://${MAIL}`, `mail://${MAIL}`, '[redacted:email]'])
  })
  it('is taken out of errors, of prompts and resources, and of what is said meanwhile', async (t) => {
    const data = { kind: 'error', code: -32000, message: `no ${MAIL}`, data: { who: MAIL } } as const
    const speaking = tool('speaking', (_, call) => {
      call.notify({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1, message: `at ${MAIL}` } })
      return { content: [] }
    })
    const prompt: Entry = {
      ...made({ kind: 'result', result: { messages: [{ role: 'user', content: { type: 'text', text: MAIL } }] } }, undefined),
      kind: 'prompt',
      name: 'letter',
      definition: { name: 'letter' },
    }
    const resource: Entry = {
      ...made({ kind: 'result', result: { contents: [{ uri: 'a://b', text: MAIL }] } }, undefined),
      kind: 'resource',
      name: 'a://b',
      definition: { uri: 'a://b', name: 'b' },
    }
    const { as } = await start(t, [made(data, undefined), speaking, prompt, resource], { email: 'mask' })
    const ana = as('ana')
    const answers = [
      await ana.call('made'),
      await ana.call('speaking', {}, { progressToken: 'p' }),
      await ana.request('prompts/get', { name: 'letter' }),
      await ana.request('resources/read', { uri: 'a://b' }),
    ]
    for (const { messages } of answers) {
      assert.ok(!JSON.stringify(messages).includes(MAIL), JSON.stringify(messages))
      assert.ok(JSON.stringify(messages).includes('[redacted:email]'), JSON.stringify(messages))
    }
  })
  it('is what a tool says of it, where it says something, and what is said for all where it does not', async (t) => {
    const { as } = await start(t, [made(result(`${CARD} ${MAIL}`), { email: 'allow' })], { card: 'drop', email: 'drop' })
    assert.equal((await as('ana').call('made')).result.content[0].text, ` ${MAIL}`)
  })
})

describe('signs for personal data', () => {
  const rules = { email: 'tokenise' } as const

  it('are the same for the same person and value, others for others, and kept sealed', async (t) => {
    const { as, store } = await start(t, [made(result(`${MAIL} and ${MAIL} and b@example.com`), rules)])
    const texts = []
    for (const who of ['ana', 'ana', 'ben'] as const) texts.push((await as(who).call('made')).result.content[0].text)
    const [first, second, other] = texts.map((text) => text.split(' and '))
    assert.match(first[0], /^tok_email_[a-z2-7]{26}$/)
    assert.deepEqual([first[0], first], [first[1], second])
    assert.notEqual(first[0], first[2])
    assert.notEqual(first[0], other[0])
    const rows = await store.records('personal_token').list()
    assert.equal(rows.length, 4)
    assert.ok(!JSON.stringify(rows).includes('example.com'))
  })
  it('become values in the arguments of who has the scope, before the schema is asked, and stay signs for anybody else', async (t) => {
    const check = (args: unknown) => (/@/.test(JSON.stringify(args)) ? undefined : { path: '/to', rule: 'must be an address' })
    const { as, rig } = await start(t, [made(result(MAIL), rules), echo({ check }), echo({ name: 'free' })])
    const sign = (await as('ana').call('made')).result.content[0].text
    const sent = { to: [`Ana <${sign}>`, 'tok_email_aaaaaaaaaaaaaaaaaaaaaaaaaa'] }
    assert.equal((await as('reader').call('echo', sent)).result.content[0].text, JSON.stringify({ to: [`Ana <${MAIL}>`, sent.to[1]] }))
    assert.match((await as('ana').call('echo', sent)).result.content[0].text, /must be an address/)
    assert.equal((await as('ana').call('free', sent)).result.content[0].text, JSON.stringify(sent))
    const [record] = (await rig.records()).filter(({ action }) => action === 'personal.reveal')
    assert.deepEqual([record?.['subject'], record?.['facts']], ['reader', { kinds: ['email'], count: 1 }])
    assert.ok(!JSON.stringify(await rig.records()).includes(MAIL))
  })
  it('stand for nothing when their time is up, when the person is forgotten, or under another key', async (t) => {
    const { as, vault, store } = await start(t, [made(result(MAIL), rules), echo()])
    const sign = (await as('ana').call('made')).result.content[0].text
    const reveal = async () => (await as('reader').call('echo', { a: sign })).result.content[0].text
    assert.equal(await reveal(), JSON.stringify({ a: MAIL }))
    now += 20 * DAY_MS
    // Used again, it begins anew.
    await as('ana').call('made')
    now += 20 * DAY_MS
    assert.equal(await reveal(), JSON.stringify({ a: MAIL }))
    now += 20 * DAY_MS
    assert.equal(await reveal(), JSON.stringify({ a: sign }))
    await as('ana').call('made')
    assert.equal(await reveal(), JSON.stringify({ a: MAIL }))
    await vault.shred({ subject: 'ana' })
    assert.equal(await reveal(), JSON.stringify({ a: sign }))
    assert.equal((await store.records('personal_token').list()).length, 1)
    // Whoever gets the name later gets what can be read again.
    assert.equal((await as('ana').call('made')).result.content[0].text, sign)
    assert.equal(await reveal(), JSON.stringify({ a: MAIL }))
  })
  it('are masks in what cannot wait, and beyond a thousand', async (t) => {
    const many = Array.from({ length: 1_002 }, (_, at) => `u${at}@example.com`).join(' ')
    const speaking = tool(
      'speaking',
      (_, call) => {
        call.notify({ method: 'notifications/progress', params: { progressToken: 'p', progress: 1, message: MAIL } })
        return { content: [] }
      },
      { release: { personal: compilePersonal(rules) } },
    )
    const { as } = await start(t, [made(result(many), rules), speaking])
    assert.equal((await as('ana').call('made')).result.content[0].text.match(/\[redacted:email\]/g)?.length, 2)
    const { notifications } = await as('ana').call('speaking', {}, { progressToken: 'p' })
    assert.equal(notifications[0]?.params.message, '[redacted:email]')
  })
  it('may need another scope, which can be granted and is not asked for', async (t) => {
    const { rig, as } = await start(t, [made(result(MAIL), rules), echo()], undefined, { revealScope: 'private:read' })
    assert.ok(rig.engine.catalogue.scopes().includes('private:read'))
    assert.ok(!rig.engine.catalogue.shownScopes().includes('private:read'))
    const sign = (await as('ana').call('made')).result.content[0].text
    assert.equal((await as('reader').call('echo', { a: sign })).result.content[0].text, JSON.stringify({ a: sign }))
  })
})

describe('a secret in what an entry answers', () => {
  verifies('secret-found')
  const SECRET = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`

  it('is one event for each call, with kinds and number, and never the secret', async (t) => {
    const { as, rig } = await start(t, [made(result(`${SECRET} and password=hunter2xy and ${SECRET}`), undefined), echo()])
    await as('ana').call('made')
    await as('ana').call('echo', { a: 1 })
    const records = await rig.records()
    const events = records.filter(({ action }) => action === 'secret.found')
    assert.equal(events.length, 1)
    const call = records.find(({ target, action }) => action === 'tools/call' && target === 'made')
    assert.deepEqual(events[0]?.['facts'], { call: call?.['id'], kinds: ['github-token', 'password'], count: 3 })
    assert.deepEqual([events[0]?.['server'], events[0]?.['target'], events[0]?.['subject']], ['test', 'made', 'ana'])
    assert.ok(!JSON.stringify(records).includes(SECRET))
  })
  it('is an event in an error as well, and where a refusal follows there is none', async (t) => {
    const failing = tool('failing', () => ({}), { executor: { execute: () => deny({ reason: 'deadline_exceeded', seconds: 1 }) } })
    const { as, rig } = await start(t, [made({ kind: 'error', code: -32000, message: SECRET }, undefined), failing])
    assert.ok(!JSON.stringify((await as('ana').call('made')).messages).includes(SECRET))
    await as('ana').call('failing')
    assert.equal((await rig.records()).filter(({ action }) => action === 'secret.found').length, 1)
  })
  it('is found beside its name in structured content', async (t) => {
    const structuredContent: JsonObject = {
      db: { password: 'hunter2xy' },
      api_key: 'k2v5x8q1w3e7r9t4y6u0',
      nextPageToken: 'k2v5x8q1w3e7r9t4y6u0',
      id: 7,
    }
    const { as } = await start(t, [made(result('', { structuredContent }), undefined)])
    assert.deepEqual((await as('ana').call('made')).result.structuredContent, {
      db: { password: '[redacted]' },
      api_key: '[redacted]',
      nextPageToken: 'k2v5x8q1w3e7r9t4y6u0',
      id: 7,
    })
  })
})
