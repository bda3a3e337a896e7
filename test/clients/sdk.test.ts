// The official SDK client 2.4 against a guarded server: it registers itself, signs a person in and calls a tool, in both eras; and
// a person who grants less than was asked gets exactly that.

import assert from 'node:assert/strict'
import { access } from 'node:fs/promises'
import { after, before, test } from 'node:test'
import { Client } from '@modelcontextprotocol/client'
import { mcp } from '../support/index.ts'
import { type Files, guardFiles } from './files.ts'
import { createPerson } from './person.ts'
import { connect, createProvider } from './sdk-provider.ts'

let files: Files
before(async () => {
  files = await guardFiles()
})
after(() => files[Symbol.asyncDispose]())

const eras = [
  ['2026-07-28', () => new Client({ name: 'sdk', version: '1.0.0' }, { versionNegotiation: { mode: { pin: '2026-07-28' } } })],
  ['2025-11-25', () => new Client({ name: 'sdk', version: '1.0.0' }, { versionNegotiation: { mode: 'legacy' } })],
] as const

for (const [version, createClient] of eras) {
  test(`signs in by OAuth and calls a tool over ${version}`, async () => {
    await using person = await createPerson(files.guard, `dan-${version}`)
    const provider = createProvider(person)
    const client = await connect(createClient, files.guard.url, provider)
    try {
      const asked = provider.authorization().searchParams
      assert.equal(asked.get('code_challenge_method'), 'S256')
      assert.equal(asked.get('resource'), files.guard.url)
      const back = provider.callback().searchParams
      assert.equal(back.get('state'), provider.expectedState)
      assert.equal(back.get('iss'), files.guard.issuer)

      const { tools } = await client.listTools()
      assert.ok(
        tools.some((tool) => tool.name === 'write_file'),
        'everything was granted',
      )
      const result = await client.callTool({ name: 'read_text_file', arguments: { path: files.note } })
      assert.match(JSON.stringify(result.content), new RegExp(files.text))
    } finally {
      await client.close()
    }
  })
}

test('a person who grants only tools:read has a token that reads, and is challenged for what it lacks', async () => {
  await using eve = await createPerson(files.guard, 'eve')
  const provider = createProvider({ name: eve.name, password: eve.password, untick: ['change'] })
  const client = await connect(eras[0][1], files.guard.url, provider)
  const { tools } = await client.listTools()
  await client.close()
  assert.ok(tools.some((tool) => tool.name === 'read_text_file'))
  assert.ok(!tools.some((tool) => tool.name === 'write_file'), 'what may not be called is not shown')

  const tokens = await provider.tokens()
  assert.ok(!tokens?.scope?.split(' ').includes('tools:execute'), `granted: ${tokens?.scope}`)
  for (const version of ['2026-07-28', '2025-11-25'] as const) {
    const raw = mcp(files.guard.url, { token: tokens?.access_token ?? '', version })
    const read = await raw.call('read_text_file', { path: files.note })
    assert.equal(read.status, 200)
    assert.match(JSON.stringify(read.result), new RegExp(files.text))

    const write = await raw.call('write_file', { path: files.other, content: 'x' })
    assert.equal(write.status, 403)
    const challenge = write.headers['www-authenticate'] ?? ''
    assert.match(challenge, /^Bearer /)
    assert.match(challenge, /error="insufficient_scope"/)
    assert.match(challenge, /scope="[^"]*tools:execute[^"]*"/)
    assert.match(challenge, /scope="[^"]*tools:read[^"]*"/, 'what was granted is named too, so that a new token does not lose it')
    assert.match(challenge, /resource_metadata="http:\/\/localhost:\d+\/[^"]+"/)
  }
  await assert.rejects(access(files.other), 'nothing was written')
})
