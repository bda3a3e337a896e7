// What whoever wrote a tool sees when it fails: a line in the log at once, and where it was in `sallyport why`; never an argument.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { elicit, tool } from '../../src/server/index.ts'
import { run } from '../support/child.ts'
import { SALLYPORT } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'

const parameters = { type: 'object', properties: { text: { type: 'string', maxLength: 20 } } } as const
const outputSchema = { type: 'object', properties: { left: { type: 'integer' } }, required: ['left'] } as const

it('a tool that throws, or whose answer is withheld, is named in the log with its decision, and without what was thrown', async () => {
  const lines: string[] = []
  await using served = await startServer({
    log: (level, message, fields) => void lines.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`),
    tools: [
      tool({
        name: 'throws',
        parameters,
        execute: ({ text }) => {
          throw new Error(`cannot do ${text}`)
        },
      }),
      tool({ name: 'counts', execute: () => ({ many: 1n }) as never }),
      tool({ name: 'promises', outputSchema, execute: () => ({ left: 'none' }) as never }),
      tool({
        name: 'asks',
        execute: (_, { ask }) => ask({ day: elicit({ message: 'Day?', requestedSchema: { type: 'array' } as never }) }),
      }),
      tool({ name: 'well', execute: () => 'well' }),
    ],
  })
  const capabilities = { elicitation: { form: {} } }
  const caller = mcp(served.url, { key: await served.key(), capabilities })
  for (const name of ['throws', 'counts', 'promises', 'asks', 'well']) {
    lines.length = 0
    const answer = JSON.stringify(await caller.call(name, name === 'throws' ? { text: 'my-argument' } : {}))
    const id = /dec_\w+/.exec(answer)?.[0]
    assert.deepEqual(
      lines.filter((line) => line.startsWith('error')),
      name === 'well' ? [] : [`error tool "${name}" failed: sallyport why ${id} {}`],
      answer,
    )
    assert.ok(!lines.join().includes('my-argument'))
    if (name !== 'throws') continue
    await new Promise((resolve) => setTimeout(resolve, 100))
    const { stdout } = await run(process.execPath, [SALLYPORT, 'why', id as string, '--data-dir', served.dataDir])
    assert.match(stdout, /a fault of the tool's own code, at \S+\/test\/unit\/server-faults\.test\.ts:\d+\n/)
  }
})
