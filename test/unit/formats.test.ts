// Which texts are dates, addresses and identifiers; and where a schema's `format` binds, and where it is a hint.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { z } from 'zod'
import { compileCheck, understandOwn } from '../../src/schema/index.ts'
import { elicit, tool } from '../../src/server/index.ts'
import { cpuMs } from '../support/cpu.ts'
import { defineTool } from '../support/definitions.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'

const of = (format: string) => ({ type: 'object', properties: { a: { type: 'string', format, maxLength: 1e6 } }, required: ['a'] })
function takes(format: string): (text: string) => boolean {
  const understood = understandOwn(of(format))
  assert.ok('check' in understood)
  return (a) => understood.check({ a }) === undefined
}

describe('a format', () => {
  const cases: Readonly<Record<string, { readonly yes: readonly string[]; readonly no: readonly string[] }>> = {
    date: {
      yes: ['2024-02-29', '0001-01-01', '9999-12-31'],
      no: [
        'soon',
        '',
        '2023-02-29',
        '2024-04-31',
        '2024-13-01',
        '2024-00-10',
        '2024-1-1',
        '2024-01-01T00:00:00Z',
        ' 2024-01-01',
        '2024-01-01\n',
      ],
    },
    'date-time': {
      yes: ['2024-02-29T23:59:59Z', '2024-01-01t00:00:00.123456+05:30', '1990-12-31T23:59:60Z', '1990-12-31T15:59:60-08:00'],
      no: [
        '2024-01-01',
        '2024-01-01T00:00:00',
        '2024-01-01T24:00:00Z',
        '2023-02-29T00:00:00Z',
        '1990-12-31T22:59:60Z',
        '2024-01-01T00:00:00+24:00',
      ],
    },
    email: {
      yes: ['ana@example.com', 'a.b+c@localhost', "o'neil@sub.example.org"],
      no: [
        'ana',
        '@example.com',
        'ana@',
        'a b@example.com',
        '.a@example.com',
        'a..b@example.com',
        'a@-x.com',
        'a@x..com',
        `${'a'.repeat(65)}@x.com`,
      ],
    },
    uri: {
      yes: ['https://example.com/a?b=c#d', 'urn:isbn:0451450523', 'mailto:a@example.com', 'http://[::1]:80/'],
      no: [
        'example.com',
        '/a',
        'https://a b',
        'https://',
        'http:a',
        'https://example.com/%zz',
        'x:a#b#c',
        'https://example.com/ä',
        'https://a:99999/',
      ],
    },
    uuid: {
      yes: ['2eb8aa08-aa98-11ea-b4aa-73b441d16380', '2EB8AA08-AA98-11EA-B4AA-73B441D16380'],
      no: ['2eb8aa08', '2eb8aa08aa9811eab4aa73b441d16380'],
    },
  }
  for (const [format, { yes, no }] of Object.entries(cases))
    it(`${format} is checked`, () => {
      const fits = takes(format)
      for (const text of yes) assert.ok(fits(text), text)
      for (const text of no) assert.ok(!fits(text), text)
    })
  it('that is long, or nearly one, is found to be none in no time', () => {
    for (const format of Object.keys(cases))
      for (const part of ['a', '1', 'a.', 'a-', '0.', '%41', '@', 'x@a.', 'a:', '#']) {
        const fits = takes(format)
        const prefix = { email: 'a@', uri: 'a:', 'date-time': '2024-01-01T00:00:00.' }[format] ?? ''
        const took = cpuMs(() => void fits(`${prefix}${part.repeat(200_000 / part.length)}!`))
        assert.ok(took < 200, `${format} ${part} ${took}`)
      }
  })
  it('that we do not know is a hint', () => {
    for (const format of ['color', 'constructor', '__proto__', 'toString']) assert.ok(takes(format)('x'), format)
  })
  it('is a hint in an upstream’s schema, and where a library has rules of its own', () => {
    const upstream = compileCheck(of('date'))
    assert.ok('check' in upstream)
    assert.equal(upstream.check({ a: 'soon' }), undefined)
    const local = z.object({ at: z.iso.datetime({ local: true }) })
    const { entry } = defineTool({ name: 'a', parameters: local, execute: () => '' })
    assert.equal(entry?.check?.({ at: '2024-01-01T00:00:00' }), undefined)
  })
  it('binds the results of a tool', () => {
    const { entry } = defineTool({ name: 'a', outputSchema: of('date'), execute: () => '' })
    assert.deepEqual(entry?.checkResult?.({ structuredContent: { a: 'soon' } }), {
      path: 'structuredContent/a',
      rule: 'must match format "date"',
    })
  })
})

describe('what a tool asks', () => {
  const requestedSchema = { type: 'object', properties: { day: { type: 'string', format: 'date' } }, required: ['day'] }
  it('is answered in its format, or the function is not run again', async () => {
    const book = tool({
      name: 'book',
      execute: (_, { ask, answers }) => (answers['day'] ? 'Booked.' : ask({ day: elicit({ message: 'Day?', requestedSchema }) })),
    })
    await using served = await startServer({ tools: [book] })
    const caller = mcp(served.url, { key: await served.key(), capabilities: { elicitation: { form: {} } } })
    const answer = async (day: string): Promise<string> => {
      const { requestState } = (await caller.call('book')).result
      const inputResponses = { day: { action: 'accept', content: { day } } }
      return JSON.stringify(await caller.request('tools/call', { name: 'book', arguments: {}, requestState, inputResponses }))
    }
    assert.match(await answer('2026-12-24'), /Booked\./)
    const refused = await answer('soon')
    assert.doesNotMatch(refused, /Booked/)
    assert.match(refused, /must match format/)
  })
  it('is a form that can be sent, or an error of the tool', () => {
    for (const [given, problem] of [
      [undefined, /must be a JSON Schema with properties/],
      [{ type: 'array' }, /must be a JSON Schema with properties/],
      [z.object({ day: z.string() }), /takes plain JSON Schema/],
      [{ type: 'object', properties: { password: { type: 'string' } } }, /password looks like a secret.*use elicitUrl/],
    ] as const)
      assert.throws(() => elicit({ message: 'x', requestedSchema: given as never }), { name: 'TypeError', message: problem })
  })
  it('and does not return is an error, in place of an answer that nobody meant', async () => {
    const lines: string[] = []
    const forgets = tool({
      name: 'forgets',
      execute: (_, { ask }) => {
        ask({ day: elicit({ message: 'Day?', requestedSchema }) })
        return Promise.resolve('Booked.')
      },
    })
    await using served = await startServer({ tools: [forgets], log: (level, message) => void lines.push(`${level} ${message}`) })
    const caller = mcp(served.url, { key: await served.key(), capabilities: { elicitation: { form: {} } } })
    assert.doesNotMatch(JSON.stringify(await caller.call('forgets')), /Booked/)
    assert.match(lines.join(), /error tool "forgets" failed/)
  })
})
