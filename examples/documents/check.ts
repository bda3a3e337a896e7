import assert from 'node:assert/strict'
import { MCPClient } from 'sallyport'
import { check, createKey } from '../support.ts'

const { server } = await import('./server.ts')

await check(
  'documents: a line in the message, the document in the tool',
  () => server.close(),
  async () => {
    const { url } = await server.listen()
    const as = (): MCPClient => new MCPClient({ serverUrl: url, auth: { type: 'api_key', apiKey: createKey('tools:execute') } })
    const [ana, raj] = [as(), as()]
    const analyze = async (client: MCPClient, documentId: string) => client.callTool('analyze_document', { documentId })
    const said = async (client: MCPClient, documentId: string): Promise<string> =>
      JSON.stringify((await analyze(client, documentId)).content)

    const { structuredContent } = await analyze(ana, 'docs://everybody/doc-123')
    assert.deepEqual(structuredContent, { name: 'docs://everybody/doc-123', words: 9 })

    const report = 'a word '.repeat(100_000)
    const { uri, size } = await ana.putResource(report, { ttlSeconds: 60, name: 'report' })
    assert.equal(size, 700_000)
    assert.ok(uri.length < 80, 'what the message carries is a line')
    assert.deepEqual((await analyze(ana, uri)).structuredContent, { name: 'report', words: 200_001 })

    const unknown = await said(ana, 'docs://everybody/doc-999')
    const withoutIds = (text: string): string => text.replace(/dec_\w+/, '')
    for (const [client, reference] of [
      [raj, uri],
      [ana, 'docs://finance/doc-456'],
      [ana, 'docs://everybody/../finance/doc-456'],
      [ana, 'file:///etc/passwd'],
    ] as const)
      assert.equal(
        withoutIds(await said(client, reference)),
        withoutIds(unknown),
        'whatever is not the caller’s is like one that never was',
      )

    await ana.deleteResource(uri)
    assert.equal(withoutIds(await said(ana, uri)), withoutIds(unknown))
    assert.match(await said(ana, report), /put it here and send a reference/)
    await ana.close()
    await raj.close()
  },
)
