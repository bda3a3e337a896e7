// What the suite cannot say by itself: that a pass of it means something, and what it remarks on wrongly.

import assert from 'node:assert/strict'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { test } from 'node:test'
import { mcp } from '../support/index.ts'
import { REVISIONS } from './comparison.ts'
import { expected } from './expected.ts'
import { judge } from './judge.ts'
import { loadRequirements, runSuite } from './suite.ts'
import { open } from './ways.ts'

for (const revision of REVISIONS) {
  test(`${revision}: a server that answers everything with 404 passes nothing, whatever the suite says`, async () => {
    const server = createServer((_, response) => response.writeHead(404).end())
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    try {
      const results = await runSuite(`http://localhost:${(server.address() as AddressInfo).port}/mcp`, revision)
      const judged = judge(revision, await loadRequirements(revision), results)
      const isPassed = judged.filter(({ verdict, scenario }) => verdict === 'passed' && (expected[revision][scenario] ?? 0) > 0)
      assert.deepEqual(isPassed, [])
    } finally {
      server.closeAllConnections()
      server.close()
    }
  })

  test(`${revision}: every scored scenario is in the table`, async () => {
    const { scored } = await loadRequirements(revision)
    assert.equal(scored.length, revision === '2025-11-25' ? 30 : 37)
    assert.deepEqual(
      scored.filter((scenario) => !(scenario in expected[revision])),
      [],
    )
  })
}

test('what nobody asked for is ignored beside the answer, where the client brings back the state that it was given', async () => {
  await using at = await open('direct')
  const client = mcp(at.url, { capabilities: { elicitation: {} } })
  const call = { name: 'test_input_required_result_elicitation', arguments: {} }
  const { requestState } = (await client.request('tools/call', call)).result
  const accept = (content: object): object => ({ action: 'accept', content })
  const inputResponses = { user_name: accept({ name: 'Alice' }), unknown_extra_key: accept({ foo: 'bar' }) }
  const { result } = await client.request('tools/call', { ...call, inputResponses, requestState })
  assert.equal(result.resultType, 'complete')
  assert.match(result.content[0].text, /Alice/)
})
