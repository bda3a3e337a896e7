// G12: nobody waits for the answer any more, so nobody goes on working for it. An upstream that is not told keeps a job, a lock or
// a bill running for whoever hangs up often enough; one that is told of the wrong request loses somebody else's work.

import assert from 'node:assert/strict'
import { request } from 'node:http'
import { after, before, describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { type HttpWitness, startHttpWitness } from '../fixtures/attacks/http-witness.ts'
import { verifies } from '../requirements.ts'
import { createWitness, type Gateway, said, startGateway, type Witness } from '../support/gateway.ts'
import { mcp, type Version } from '../support/mcp.ts'
import { lived, until } from '../support/until.ts'

verifies('G12')

const ERAS: readonly Version[] = ['2026-07-28', '2025-11-25']
const tools = [tool('look'), tool('never')]

let gateway: Gateway
let web: HttpWitness
let old: HttpWitness
let child: Witness
let hasty: Witness
let key: string
let otherKey: string

before(async () => {
  web = await startHttpWitness({ era: 'modern', name: 'web', tools })
  old = await startHttpWitness({ era: 'legacy', name: 'old', tools })
  gateway = await startGateway({
    servers: (folder) => {
      child = createWitness(folder, 'child', { era: 'legacy', name: 'child', tools })
      hasty = createWitness(folder, 'hasty', { era: 'legacy', name: 'hasty', tools })
      return {
        web: { url: web.url },
        old: { url: old.url },
        child: child.entry,
        hasty: { ...hasty.entry, timeoutSeconds: 0.2 },
      }
    },
    config: { limits: { deadlineSeconds: 2 } },
  })
  key = (await gateway.key()).key
  otherKey = (await gateway.key()).key
})
after(async () => {
  await gateway[Symbol.asyncDispose]()
  await web[Symbol.asyncDispose]()
  await old[Symbol.asyncDispose]()
})

/** What an upstream was asked, and which of it it was told to leave. */
interface Heard {
  calls(text: string): { readonly id: unknown }[]
  cancelled(): unknown[]
}
// biome-ignore lint/suspicious/noExplicitAny: messages of every shape
const heardIn = (messages: () => any[]): Heard => ({
  calls: (text) => messages().filter(({ method, params }) => method === 'tools/call' && params.arguments?.text === text),
  cancelled: () => messages().flatMap(({ method, params }) => (method === 'notifications/cancelled' ? [params.requestId] : [])),
})
const atChild = heardIn(() => child.messages())
const atOld = heardIn(() => old.seen.flatMap(({ body }) => (body === undefined ? [] : [body])))
const atWeb = heardIn(() => web.seen.flatMap(({ body }) => (body === undefined ? [] : [body])))

/** A call that is never answered, with the caller's id; `hangUp` cuts its connection. */
function wait(
  server: string,
  text: string,
  { version = '2026-07-28' as Version, id = 1 as string | number, credential = key, session = '' } = {},
): { hangUp(): void; readonly answer: Promise<string> } {
  const modern = version === '2026-07-28'
  const name = `${server}__never`
  const meta = { 'io.modelcontextprotocol/protocolVersion': version, 'io.modelcontextprotocol/clientCapabilities': {} }
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id,
    method: 'tools/call',
    params: { name, arguments: { text }, ...(modern && { _meta: meta }) },
  })
  const { promise: answer, resolve } = Promise.withResolvers<string>()
  const outgoing = request(
    gateway.url,
    {
      method: 'POST',
      headers: {
        authorization: `Bearer ${credential}`,
        'content-type': 'application/json',
        accept: 'application/json, text/event-stream',
        'mcp-protocol-version': version,
        ...(modern && { 'mcp-method': 'tools/call', 'mcp-name': name }),
        ...(session && { 'mcp-session-id': session }),
      },
    },
    async (response) => {
      let all = ''
      for await (const chunk of response) all += chunk
      resolve(all)
    },
  )
  outgoing.once('error', () => resolve('cut'))
  outgoing.end(body)
  return { hangUp: () => void outgoing.destroy(), answer }
}

describe('G12: a caller hangs up', () => {
  for (const version of ERAS) {
    it(`on ${version}: a stdio server is told which of its requests it was, by its own id, and of no other`, async () => {
      const texts = [`left ${version}`, `kept ${version}`]
      // The same id twice: ids are each caller's own.
      const [left, kept] = texts.map((text, at) => wait('child', text, { version, id: 'mine', credential: at === 0 ? key : otherKey }))
      await until('both calls', () => texts.every((text) => atChild.calls(text).length === 1))
      const before = atChild.cancelled().length
      left?.hangUp()
      await until('a cancellation', () => atChild.cancelled().length > before)
      await delay(50)
      assert.deepEqual(atChild.cancelled().slice(before), [atChild.calls(texts[0] as string)[0]?.id])
      assert.notEqual(atChild.calls(texts[0] as string)[0]?.id, 'mine')
      // Others go on, on the same pipe.
      assert.equal(said(await mcp(gateway.url, { key, version }).call('child__look')), 'child: look')
      kept?.hangUp()
      await until('the other one', () => atChild.cancelled().length === before + 2)
      assert.equal(atChild.cancelled().at(-1), atChild.calls(texts[1] as string)[0]?.id)
    })
    it(`on ${version}: the request to an HTTP server is closed; one of the legacy revision is told in a message as well`, async () => {
      for (const [witness, heard, server] of [
        [web, atWeb, 'web'],
        [old, atOld, 'old'],
      ] as const) {
        const text = `left ${version} ${server}`
        const left = wait(server, text, { version })
        const kept = wait(server, `${text} kept`, { version, credential: otherKey })
        await until('both calls', () => heard.calls(text).length === 1 && heard.calls(`${text} kept`).length === 1)
        const before = heard.cancelled().length
        left.hangUp()
        const hungUp = (): string[] => witness.seen.flatMap((seen) => (seen.hungUp ? [seen.body.params.arguments.text] : []))
        await until('it is closed', () => hungUp().includes(text))
        assert.equal(hungUp().includes(`${text} kept`), false)
        if (server === 'old') await until('it is told', () => heard.cancelled().length > before)
        assert.deepEqual(heard.cancelled().slice(before), server === 'old' ? [heard.calls(text)[0]?.id] : [])
        assert.equal(said(await mcp(gateway.url, { key, version }).call(`${server}__look`)), `${server}: look`)
        kept.hangUp()
        await until('the other one is closed', () => hungUp().includes(`${text} kept`))
      }
    })
  }
  it('is on record as cancelled', async () => {
    const cancelled = (await gateway.records()).filter(({ reason }) => reason === 'cancelled')
    assert.equal(cancelled.length, 2 * 2 + 2 * 2 * 2)
    assert.ok(cancelled.every(({ decision, target }) => decision === 'deny' && target?.endsWith('__never')))
  })
})

describe('G12: a legacy caller says that it no longer waits', () => {
  const begin = async (credential: string): Promise<string> => {
    const initialize = { protocolVersion: '2025-11-25', capabilities: {}, clientInfo: { name: 'x', version: '1' } }
    return String(
      (await mcp(gateway.url, { key: credential, version: '2025-11-25' }).request('initialize', initialize)).headers['mcp-session-id'],
    )
  }
  const cancel = (credential: string, session: string, requestId: unknown) =>
    mcp(gateway.url, { key: credential, version: '2025-11-25' }).post(
      { jsonrpc: '2.0', method: 'notifications/cancelled', params: { requestId } },
      { 'mcp-session-id': session },
    )

  it('its own request ends, with nothing but the end of the stream, and nobody else can end it', async () => {
    const session = await begin(key)
    const call = wait('child', 'told', { version: '2025-11-25', id: 41, session })
    await until('the call', () => atChild.calls('told').length === 1)
    const before = atChild.cancelled().length
    // Another principal, another session of the same, another id.
    assert.equal((await cancel(otherKey, await begin(otherKey), 41)).status, 202)
    assert.equal((await cancel(key, await begin(key), 41)).status, 202)
    assert.equal((await cancel(key, session, '41')).status, 202)
    assert.equal((await cancel(key, session, undefined)).status, 202)
    await delay(50)
    assert.equal(atChild.cancelled().length, before)
    assert.equal((await cancel(key, session, 41)).status, 202)
    assert.equal(await call.answer, '')
    await until('the upstream hears of it', () => atChild.cancelled().length > before)
    assert.deepEqual(atChild.cancelled().slice(before), [atChild.calls('told')[0]?.id])
  })
})

describe('G12: a deadline passes', () => {
  it('the caller gets a sentence, and the upstream is told as if the caller had gone', async () => {
    const servers = [
      ['child', atChild],
      ['web', atWeb],
      ['old', atOld],
    ] as const
    const checked = servers.map(async ([server, heard]) => {
      const before = heard.cancelled().length
      const text = `late at ${server}`
      const [late, look] = await Promise.all([
        mcp(gateway.url, { key }).call(`${server}__never`, { text }),
        mcp(gateway.url, { key: otherKey }).call(`${server}__look`),
      ])
      assert.equal(late.status, 200)
      assert.equal(late.result.isError, true)
      assert.match(said(late), /took longer than 2 seconds and was stopped/)
      assert.equal(said(look), `${server}: look`)
      if (server === 'web')
        await until('it is closed', () => web.seen.some(({ body, hungUp }) => hungUp && body.params.arguments?.text === text))
      else await until('it is told', () => heard.cancelled().slice(before).includes(heard.calls(text)[0]?.id))
    })
    await Promise.all(checked)
  })
  it('the operator’s own bound on one server is kept, and the server is told', async () => {
    using time = lived()
    const answer = await mcp(gateway.url, { key }).call('hasty__never', { text: 'late' })
    assert.ok(time.ms() < 1_500)
    const heard = heardIn(() => hasty.messages())
    await until('it is told', () => heard.cancelled().length === 1)
    assert.equal(heard.cancelled()[0], heard.calls('late')[0]?.id)
    assert.match(said(answer), /took longer than 1 seconds/)
    assert.equal(said(await mcp(gateway.url, { key }).call('hasty__look')), 'hasty: look')
  })
})
