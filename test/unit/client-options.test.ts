import assert from 'node:assert/strict'
import { test } from 'node:test'
import { inspect } from 'node:util'
import { MCPClient, type MCPClientOptions } from '../../src/client/index.ts'
import { ConfigError, silentLog } from '../../src/core/index.ts'

const make = (options: unknown): MCPClient => new MCPClient(options as MCPClientOptions)
function problemsOf(options: unknown): readonly string[] {
  try {
    make(options)
  } catch (error) {
    assert.ok(error instanceof ConfigError)
    return error.problems
  }
  return []
}

test('every problem with the options is named at once, with what was probably meant', () => {
  assert.deepEqual(problemsOf({ serverURL: 'x', auth: { type: 'oauth2', clientID: 'x', scope: ['a'] }, onInput: { elicitaton: 1 } }), [
    'client.auth.clientID: there is no such key; did you mean "clientId"?',
    'client.auth.scope: there is no such key; did you mean "scopes"?',
    'client.onInput.elicitaton: there is no such key; did you mean "elicitation"?',
    'client.serverURL: there is no such key; did you mean "serverUrl"?',
    'client.serverUrl: needs the URL of a server, or `command` to start one',
  ])
})

test('an account is well-formed text: half a character would be the same account as any other half', () => {
  for (const account of ['a\ud800', '\udfffa'])
    assert.deepEqual(problemsOf({ serverUrl: 'https://example.com', account }), ['client.account: must be well-formed text'])
  assert.deepEqual(problemsOf({ serverUrl: 'https://example.com', account: 'Ána 🙂' }), [])
})

test('headers of a program are none of the protocol, of HTTP or of signing in', () => {
  const serverUrl = 'https://example.com'
  for (const name of [
    'Authorization',
    'cookie',
    'Host',
    'content-type',
    'MCP-Session-Id',
    'mcp-param-x',
    'Sec-Fetch-Site',
    'DPoP',
    'a b',
    'x\r\ny',
  ])
    assert.equal(problemsOf({ serverUrl, headers: { [name]: 'x' } }).length, 1, name)
  for (const header of ['authorization', 'cookie', 'host']) {
    const auth = { type: 'api_key', apiKey: 'k', header }
    assert.deepEqual(problemsOf({ serverUrl, auth }), [
      'client.auth.header: is a header of the protocol, of HTTP or of signing in, or a cookie',
    ])
  }
  for (const value of ['a\r\nb', ' a', 'a ', 'ä', '']) assert.equal(problemsOf({ serverUrl, headers: { 'x-a': value } }).length, 1)
  assert.deepEqual(problemsOf({ serverUrl, headers: { 'X-Tenant': 'a b', 'x-api-key': 'k' } }), [])
})

test('a server is reached over TLS, or on this computer', () => {
  const url = 'client.serverUrl: must be an https or wss URL, or a plain one on loopback, without user name and fragment'
  for (const serverUrl of [
    'http://example.com/mcp',
    'ws://example.com/mcp',
    'http://10.0.0.5/mcp',
    'file:///mcp',
    'javascript:0',
    'example.com',
    'https://a:b@example.com',
    'https://example.com/#a',
    'http://localhost.example.com',
  ])
    assert.deepEqual(problemsOf({ serverUrl }), [url], serverUrl)
  for (const serverUrl of [
    'https://example.com',
    'wss://example.com/mcp',
    'http://localhost:3000',
    'ws://127.0.0.1:1/mcp',
    'http://[::1]:1',
  ])
    assert.deepEqual(problemsOf({ serverUrl }), [], serverUrl)
})

test('a secret goes to the issuer that gave it, so both are needed', () => {
  const serverUrl = 'https://example.com'
  assert.deepEqual(problemsOf({ serverUrl, auth: { type: 'oauth2', clientId: 'a', clientSecret: 's3cret-value' } }), [
    'client.auth: a clientSecret needs the issuer that gave it',
  ])
  assert.deepEqual(problemsOf({ serverUrl, auth: { type: 'oauth2', clientSecret: 's3cret-value', issuer: 'https://a.example' } }), [
    'client.auth: a clientSecret needs its clientId',
  ])
})

test('no problem shows a value', () => {
  const problems = problemsOf({
    serverUrl: 'http://s3cret.example',
    transport: 's3cret',
    auth: { type: 'api_key', apiKey: 's3cret s3cret' },
  })
  assert.equal(problems.length, 3)
  assert.doesNotMatch(problems.join('\n'), /s3cret/)
})

test('neither inspection nor JSON shows a secret', () => {
  const apiKey = 'spk_abcdefgh_0123456789'
  const client = make({ serverUrl: 'https://example.com/mcp?token=s3cret', auth: { type: 'api_key', apiKey } })
  const shown = inspect(client, { showHidden: true, depth: 10 }) + JSON.stringify(client)
  assert.match(shown, /MCPClient \{ serverUrl: 'https:\/\/example\.com\/mcp', auth: 'api_key' \}/)
  assert.doesNotMatch(shown, /spk_|s3cret/)
})

test('what lowers security is warned about', () => {
  const lines: string[] = []
  make({
    serverUrl: 'https://example.com',
    dangerouslyAllowPrivateHosts: ['mcp.corp.example'],
    log: (_: string, line: string) => lines.push(line),
  })
  assert.match(lines.join('\n'), /dangerouslyAllowPrivateHosts/)
})

test('the options are not written to, and may be frozen', () => {
  const options = Object.freeze({ serverUrl: 'https://example.com', auth: Object.freeze({ type: 'oauth2' as const }), log: silentLog })
  assert.doesNotThrow(() => make(options))
})

test('signing in needs oauth2, and its own arguments are checked too', async () => {
  await using key = make({ serverUrl: 'https://example.com', auth: { type: 'api_key', apiKey: 'abcdefgh' } })
  await assert.rejects(key.getAuthorizationUrl({ redirectUri: 'https://a.example/cb' }), /getAuthorizationUrl: needs auth\.type "oauth2"/)
  await using client = make({ serverUrl: 'https://example.com', auth: { type: 'oauth2' } })
  for (const redirectUri of ['http://a.example/cb', 'javascript:alert(1)', 'myapp://cb', 'https://a.example/cb#x'])
    await assert.rejects(client.getAuthorizationUrl({ redirectUri }), ConfigError, redirectUri)
  await assert.rejects(
    client.registerClient({ clientName: 'x', redirectUris: ['http://a.example'], logoUri: 'http://a.example/logo' }),
    (error: ConfigError) => error.problems.length === 2,
  )
})
