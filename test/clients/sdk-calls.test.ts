// What the official SDK client 2.4 hears and answers while a server in code works, in both eras: a question in the middle of a call
// (2025-11-25: a request on the stream; 2026-07-28: a round of its own), progress, log messages, and that a resource has changed.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import type { Client, ClientOptions, ElicitResult, ProtocolError } from '@modelcontextprotocol/client'
import { type Notes, startNotes } from './notes.ts'
import { createPerson } from './person.ts'
import { connect, createProvider, eras, type SignedIn } from './sdk-provider.ts'

let notes: Notes
let provider: SignedIn
before(async () => {
  notes = await startNotes()
  await using ana = await createPerson(notes, 'ana')
  provider = createProvider(ana)
})
after(() => notes[Symbol.asyncDispose]())

const asks: ClientOptions = { capabilities: { elicitation: { form: {} } } }
const sign = { name: 'sign_note', arguments: { name: 'welcome' } }
const count = { name: 'count_notes', arguments: {} }

for (const [version, createClient] of eras)
  suite(`over ${version}`, () => {
    async function open(options?: ClientOptions): Promise<Client & AsyncDisposable> {
      const client = await connect(() => createClient(options), notes.url, provider)
      return Object.assign(client, { [Symbol.asyncDispose]: () => client.close() })
    }

    for (const [answer, says] of [
      [{ action: 'accept', content: { name: 'Ana' } }, 'Signed by Ana.'],
      [{ action: 'decline' }, 'Not signed: decline.'],
      [{ action: 'cancel' }, 'Not signed: cancel.'],
    ] satisfies [ElicitResult, string][])
      test(`is asked in the middle of a call, and answers ${answer.action}`, async () => {
        await using client = await open(asks)
        const questions: unknown[] = []
        client.setRequestHandler('elicitation/create', ({ params }) => {
          questions.push(params)
          return answer
        })
        const { content } = await client.callTool(sign)
        assert.deepEqual(content, [{ type: 'text', text: says }])
        assert.equal(questions.length, 1)
        assert.match(JSON.stringify(questions), /Who signs welcome\?/)
      })

    test('an answer that is not what was asked for is refused, and the tool does not see it', async () => {
      await using client = await open(asks)
      client.setRequestHandler('elicitation/create', () => ({ action: 'accept', content: { name: 'x'.repeat(41) } }))
      // A round is a request of its own, and wrong like one; on the stream it is the call that cannot go on.
      const refused = await client.callTool(sign).catch((error: Error) => error)
      assert.match(
        refused instanceof Error ? refused.message : JSON.stringify(refused),
        /content\/name must NOT have more than 40 characters/,
      )
      assert.equal('isError' in refused && refused.isError, version === '2025-11-25')
    })

    test('one that cannot be asked is told so', async () => {
      await using client = await open()
      await assert.rejects(client.callTool(sign), (error: ProtocolError) => {
        assert.equal(error.code, -32021)
        assert.deepEqual(error.data, { requiredCapabilities: { elicitation: { form: {} } } })
        return true
      })
    })

    test('hears how far it is', async () => {
      await using client = await open()
      const heard: unknown[] = []
      await client.callTool(count, { onprogress: (progress) => heard.push(progress) })
      assert.deepEqual(heard, [
        { progress: 1, total: 3, message: 'shelf 1' },
        { progress: 2, total: 3, message: 'shelf 2' },
        { progress: 3, total: 3, message: 'shelf 3' },
      ])
    })

    test('hears log messages of the level that it asked for, and no others', async () => {
      await using client = await open()
      const heard: unknown[] = []
      client.setNotificationHandler('notifications/message', ({ params }) => void heard.push(params))
      const warning = { level: 'warning', data: { shelf: 3, notes: 1 }, logger: 'shelves' }
      const meta = (level: string) => (version === '2026-07-28' ? { _meta: { 'io.modelcontextprotocol/logLevel': level } } : {})
      for (const [level, expected] of [
        ['debug', [{ level: 'debug', data: 'begins' }, warning]],
        ['warning', [warning]],
        ['error', []],
      ] as const) {
        if (version === '2025-11-25') await client.setLoggingLevel(level)
        heard.length = 0
        await client.callTool({ ...count, ...meta(level) })
        assert.deepEqual(heard, expected, level)
      }
    })

    test('hears that a resource has changed while it is subscribed, and reads what it is now', async () => {
      await using client = await open()
      const { uri } = notes
      const { promise, resolve } = Promise.withResolvers<string>()
      const heard: string[] = []
      client.setNotificationHandler('notifications/resources/updated', ({ params }) => {
        heard.push(params.uri)
        resolve(params.uri)
      })
      const stop = await subscribe(client, uri)
      notes.rewrite(`Changed over ${version}.`)
      assert.equal(await promise, uri)
      assert.match(JSON.stringify((await client.readResource({ uri })).contents), new RegExp(`Changed over ${version}`))
      await stop()
      notes.rewrite(notes.text)
      await client.callTool(count)
      assert.deepEqual(heard, [uri])
    })

    async function subscribe(client: Client, uri: string): Promise<() => Promise<unknown>> {
      if (version === '2025-11-25') {
        // The stream is open since the beginning: what is set now, and after something else was set, must reach it.
        await client.setLoggingLevel('error')
        await client.subscribeResource({ uri })
        return () => client.unsubscribeResource({ uri })
      }
      const subscription = await client.listen({ resourceSubscriptions: [uri] })
      return () => subscription.close()
    }
  })
