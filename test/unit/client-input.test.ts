import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { InputHooks, MCPClientOptions } from '../../src/client/index.ts'
import { createClient, problemOf } from '../support/client.ts'
import { type PlainServer, startPlainServer } from '../support/plain-server.ts'
import type { Json } from '../support/sse.ts'

const unpinned = { drift: 'off', findings: 'off' } as const
/** Asks once, in either revision, then says what it was told. */
function asking(era: 'modern' | 'legacy', question: object): Promise<PlainServer> {
  let told: ((answer: unknown) => void) | undefined
  return startPlainServer({
    era,
    answer({ method, params }, response, id) {
      if (method === undefined) return undefined
      const said = (answer: unknown): object => ({ content: [{ type: 'text', text: JSON.stringify(answer) }] })
      if (era === 'modern')
        return params.inputResponses
          ? said(params.inputResponses.q)
          : {
              resultType: 'input_required',
              requestState: 'st"ate\u00e9 ',
              inputRequests: { q: { method: 'elicitation/create', params: question } },
            }
      response.writeHead(200, { 'content-type': 'text/event-stream' })
      const say = (message: object): void => void response.write(`data: ${JSON.stringify({ jsonrpc: '2.0', ...message })}\n\n`)
      told = (answer) => {
        say({ id, result: said(answer) })
        response.end()
      }
      say({ id: 'q1', method: 'elicitation/create', params: question })
      return undefined
    },
    heard: (answer) => told?.(answer),
  })
}
async function ask(
  era: 'modern' | 'legacy',
  question: object,
  onInput: InputHooks,
  more: Partial<MCPClientOptions> = {},
): Promise<{ answer: Json; server: PlainServer; warned: string[] }> {
  const warned: string[] = []
  await using server = await asking(era, question)
  await using client = createClient(server, {
    auth: undefined,
    trust: unpinned,
    onInput,
    log: (_, message) => void warned.push(message),
    ...more,
  })
  const { content } = (await client.callTool('ask')) as Json
  return { answer: JSON.parse(content[0].text), server, warned }
}

for (const era of ['modern', 'legacy'] as const)
  describe(`a question of a server (${era})`, () => {
    const page = (url: string) => ({ mode: 'url', message: 'Please sign', url, ...(era === 'legacy' && { elicitationId: 'e1' }) })

    it('to open a page is shown as it is, with what is suspicious about it', async () => {
      for (const [url, shown, warnings] of [
        ['https://bank.example/sign?a=1#b', 'https://bank.example/sign?a=1#b', ['other-host']],
        ['https://www.bаnk.example/', 'https://www.xn--bnk-6cd.example/', ['punycode', 'mixed-script', 'other-host']],
        ['https://аррӏе.example', 'https://xn--80ak6aa92e.example/', ['punycode', 'other-host']],
        ['http://127.0.0.1:1/x', 'http://127.0.0.1:1/x', ['not-https', 'ip-address', 'local-address', 'other-host']],
        ['https://0x7f.1/', 'https://127.0.0.1/', ['ip-address', 'local-address', 'other-host']],
        ['https://[::ffff:10.0.0.1]/', 'https://[::ffff:a00:1]/', ['ip-address', 'local-address', 'other-host']],
        ['https://bank.example@evil.example/', 'https://bank.example@evil.example/', ['user-info', 'other-host']],
        ['https://a.example/\u202egpj.exe', 'https://a.example/%E2%80%AEgpj.exe', ['other-host']],
      ] as const) {
        let seen: unknown
        const { answer } = await ask(era, page(url), {
          url(question) {
            seen = question
            return { action: 'accept' }
          },
        })
        assert.deepEqual(seen, { message: 'Please sign', url: shown, host: new URL(shown).host, warnings }, url)
        assert.equal(answer.action, 'accept')
        assert.equal(answer.content, undefined)
      }
    })

    it('to open what is no web address is declined without asking', async () => {
      for (const url of [
        'javascript:alert(1)',
        'file:///etc/passwd',
        'vbscript:x',
        'data:text/html,x',
        `https://a.example/${'x'.repeat(9000)}`,
        'ssh://a',
      ]) {
        const { answer, warned } = await ask(era, page(url), { url: () => assert.fail('nobody is asked') })
        assert.equal(answer.action, 'decline', url)
        assert.equal(warned.length, 1)
      }
    })

    const form = (requestedSchema: object) => ({ ...(era === 'modern' && { mode: 'form' }), message: 'Where?', requestedSchema })
    const region = {
      type: 'object',
      properties: {
        region: { type: 'string', enum: ['north', 'south'] },
        count: { type: 'integer', default: 3 },
        mail: { type: 'string', format: 'email' },
      },
      required: ['region'],
    }

    it('with a form is answered with its defaults, and only what a person agreed to is sent', async () => {
      const accept = { action: 'accept', content: { region: 'north' } } as const
      assert.deepEqual((await ask(era, form(region), { elicitation: () => accept })).answer, {
        action: 'accept',
        content: { region: 'north', count: 3 },
      })
      const decline = { action: 'decline', content: { region: 'north' } } as const
      assert.deepEqual((await ask(era, form(region), { elicitation: () => decline })).answer, { action: 'decline' })
    })

    it('may take a person longer than a server may be silent', async () => {
      const { answer } = await ask(
        era,
        form(region),
        { elicitation: () => new Promise((resolve) => setTimeout(resolve, 900, { action: 'accept', content: { region: 'south' } })) },
        { requestTimeoutSeconds: 0.4 },
      )
      assert.equal(answer.content.region, 'south')
    })
  })

describe('an answer that does not fit the form', () => {
  it('does not go out, and is an error of the program', async () => {
    const schema = { type: 'object', properties: { region: { type: 'string', enum: ['north'] } }, required: ['region'] }
    for (const content of [{ region: 'east' }, {}]) {
      await using server = await asking('modern', { mode: 'form', message: 'Where?', requestedSchema: schema })
      await using client = createClient(server, {
        auth: undefined,
        trust: unpinned,
        onInput: { elicitation: () => ({ action: 'accept', content }) },
      })
      await assert.rejects(client.callTool('ask'), /onInput\.elicitation: its answer does not fit the form/)
      assert.equal(server.to('tools/call').length, 1)
    }
  })
})

describe('rounds of input', () => {
  it('carry the state back as it came, each with an id of its own, and no other request carries it', async () => {
    const { server } = await ask(
      'modern',
      { mode: 'form', message: 'x', requestedSchema: { type: 'object', properties: {} } },
      {
        elicitation: () => ({ action: 'accept', content: {} }),
      },
    )
    const [first, second] = server.to('tools/call')
    assert.equal(first?.requestState, undefined)
    assert.equal(second?.requestState, 'st"ate\u00e9 ')
  })

  it('are bounded, and so are the questions of one', async () => {
    await using endless = await startPlainServer({
      answer: () => ({ resultType: 'input_required', requestState: 'more', inputRequests: { q: ASK } }),
    })
    await using client = createClient(endless, {
      auth: undefined,
      trust: unpinned,
      onInput: { elicitation: () => ({ action: 'decline' }) },
    })
    assert.equal(await problemOf(client.callTool('ask')), 'TransportError malformed')
    assert.equal(endless.to('tools/call').length, 11)
    const many = Object.fromEntries(Array.from({ length: 1000 }, (_, index) => [`q${index}`, ASK]))
    await using greedy = await startPlainServer({ answer: () => ({ resultType: 'input_required', inputRequests: many }) })
    await using other = createClient(greedy, {
      auth: undefined,
      trust: unpinned,
      onInput: { elicitation: () => assert.fail('nobody is asked') },
    })
    assert.equal(await problemOf(other.callTool('ask')), 'TransportError malformed')
  })
})
const ASK = { method: 'elicitation/create', params: { mode: 'form', message: 'x', requestedSchema: { type: 'object', properties: {} } } }

it('a page that has to be opened first is told with its error (2025-11-25)', async () => {
  const elicitations = [{ mode: 'url', elicitationId: 'e1', message: 'Sign in', url: 'https://bank.example/' }]
  await using server = await startPlainServer({
    era: 'legacy',
    answer: () => ({ error: { code: -32042, message: 'Sign in first', data: { elicitations } } }),
  })
  await using client = createClient(server, { auth: undefined, trust: unpinned })
  await assert.rejects(client.callTool('ask'), (error: Json) => {
    assert.equal(error.code, -32042)
    assert.match(error.message, /^Sign in first\. Show the person the pages in data\.elicitations/)
    assert.deepEqual(error.data, { elicitations })
    return true
  })
})
