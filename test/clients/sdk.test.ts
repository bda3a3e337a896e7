// The official SDK client 2.4 against both shapes of server: it registers itself, signs a person in and uses what there is, in both
// eras; and a person who grants less than was asked gets exactly that.

import assert from 'node:assert/strict'
import { after, before, suite, test } from 'node:test'
import { mcp } from '../support/index.ts'
import { createPerson } from './person.ts'
import { connect, createProvider, eras } from './sdk-provider.ts'
import { type Target, targets } from './targets.ts'

for (const [what, open] of Object.entries(targets))
  suite(what, () => {
    let target: Target
    before(async () => {
      target = await open()
    })
    after(() => target[Symbol.asyncDispose]())

    for (const [version, createClient] of eras)
      test(`signs in by OAuth and uses what there is over ${version}`, async () => {
        await using person = await createPerson(target, `dan-${version}`)
        const provider = createProvider(person)
        const client = await connect(createClient, target.url, provider)
        try {
          assert.equal(client.getNegotiatedProtocolVersion(), version)
          const asked = provider.authorization().searchParams
          assert.equal(asked.get('code_challenge_method'), 'S256')
          assert.equal(asked.get('resource'), target.url)
          const back = provider.callback().searchParams
          assert.equal(back.get('state'), provider.expectedState)
          assert.equal(back.get('iss'), target.issuer)

          const { tools } = await client.listTools()
          assert.ok(
            tools.some((tool) => tool.name === target.write.name),
            'everything was granted',
          )
          const { content } = await client.callTool(target.read)
          assert.deepEqual(content, [{ type: 'text', text: target.text }])
          if (target.prompt) {
            const { name, says, arguments: args } = target.prompt
            assert.deepEqual(
              (await client.listPrompts()).prompts.map((prompt) => prompt.name),
              [name],
            )
            assert.ok(JSON.stringify(await client.getPrompt({ name, arguments: args })).includes(says))
          }
          if (target.uri) {
            const { uri } = target
            assert.deepEqual(
              (await client.listResources()).resources.map((resource) => resource.uri),
              [uri],
            )
            const { contents } = await client.readResource({ uri })
            assert.deepEqual(contents, [{ uri, text: target.text }])
          }
        } finally {
          await client.close()
        }
      })

    test('a person who grants only tools:read has a token that reads, and is challenged for what it lacks', async () => {
      await using eve = await createPerson(target, 'eve')
      const provider = createProvider({ name: eve.name, password: eve.password, untick: ['run'] })
      const client = await connect(eras[0][1], target.url, provider)
      const { tools } = await client.listTools()
      await client.close()
      assert.ok(tools.some((tool) => tool.name === target.read.name))
      assert.ok(!tools.some((tool) => tool.name === target.write.name), 'what may not be called is not shown')

      const tokens = await provider.tokens()
      assert.ok(!tokens?.scope?.split(' ').includes('tools:execute'), `granted: ${tokens?.scope}`)
      for (const version of ['2026-07-28', '2025-11-25'] as const) {
        const raw = mcp(target.url, { token: tokens?.access_token ?? '', version })
        const read = await raw.call(target.read.name, target.read.arguments)
        assert.equal(read.status, 200)
        assert.match(JSON.stringify(read.result), new RegExp(target.text))

        const write = await raw.call(target.write.name, target.write.arguments)
        assert.equal(write.status, 403)
        const challenge = write.headers['www-authenticate'] ?? ''
        assert.match(challenge, /^Bearer /)
        assert.match(challenge, /error="insufficient_scope"/)
        assert.match(challenge, /scope="[^"]*tools:execute[^"]*"/)
        assert.match(challenge, /scope="[^"]*tools:read[^"]*"/, 'what was granted is named too, so that a new token does not lose it')
        assert.match(challenge, /resource_metadata="http:\/\/localhost:\d+\/[^"]+"/)
      }
      assert.equal(await target.wasWritten(), false)
    })
  })
