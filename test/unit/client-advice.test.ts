/** What the client's errors say to do fits what has happened: a certificate, plain on one side, no credential, no hook, a path for `ca`. */

import assert from 'node:assert/strict'
import { type AddressInfo, createServer } from 'node:net'
import { it } from 'node:test'
import { MCPClient } from '../../src/client/index.ts'
import { elicit, MCPServer, tool } from '../../src/server/index.ts'
import { startServer } from '../support/server.ts'

const failure = async (options: ConstructorParameters<typeof MCPClient>[0]): Promise<Error> => {
  await using client = new MCPClient({ log: () => {}, ...options })
  return client.listTools().then(
    () => assert.fail('it was answered'),
    (error: Error) => error,
  )
}

it('a certificate that is not trusted, and a side that speaks plain, are told as that', async () => {
  await using secure = await startServer({ tls: 'local' })
  for (const scheme of ['wss:', 'https:'] as const) {
    const { message } = await failure({ serverUrl: secure.url.replace('https:', scheme) })
    assert.match(message, /certificate is not trusted\. Give `ca`, or start with NODE_EXTRA_CA_CERTS\.$/)
    assert.doesNotMatch(message, /running/)
  }
  const [ws] = [await failure({ serverUrl: secure.url.replace('https:', 'ws:') })]
  assert.match(ws?.message ?? '', /One of the two sides may speak plain/)
  await using plain = await startServer({})
  assert.match((await failure({ serverUrl: plain.url.replace('http:', 'wss:') })).message, /One of the two sides may speak plain/)
})

it('a connection that is reset is told as that: nobody spoke plain, and what was sent may have run', async () => {
  const server = createServer((socket) => socket.once('data', () => socket.resetAndDestroy()))
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  try {
    const { message } = await failure({ serverUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}/mcp` })
    assert.match(message, /closed the connection before it answered \(\w+\)\. What was sent may have run\./)
    assert.doesNotMatch(message, /plain/)
  } finally {
    server.close()
  }
})

it('a path for ca is told to be none, and the text of a certificate is asked for', () => {
  const create = (): unknown => new MCPClient({ serverUrl: 'https://localhost/mcp', ca: './ca.pem' })
  assert.throws(create, /ca: must be the text of a certificate in PEM, not a path/)
})

it('a client without a credential is told to give one, and one without a hook which', async () => {
  const requestedSchema = { type: 'object', properties: {} } as const
  const asks = tool({ name: 'asks', execute: (_, { ask }) => ask({ day: elicit({ message: 'Day?', requestedSchema }) }) })
  await using served = await startServer({ tools: [asks] })
  const { message } = await failure({ serverUrl: served.url })
  assert.match(message, /was given none\. Give auth: /)
  assert.doesNotMatch(message, /expired/)

  await using client = new MCPClient({ serverUrl: served.url, auth: { type: 'api_key', apiKey: await served.key() } })
  await assert.rejects(client.callTool('asks'), {
    code: -32021,
    message: 'Missing required client capability: elicitation.form. Give onInput.elicitation.',
  })
})

it('a port that is none is refused before it is listened on, and a data folder in the words of code', async () => {
  assert.throws(() => new MCPServer({ port: 77_777 }), /port: must be a port, 0 to 65535/)
  const server = new MCPServer({ dataDir: '/dev/null/data', port: 0, log: false })
  await assert.rejects(server.listen(), /Name another: dataDir in code/)
})
