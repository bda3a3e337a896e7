// Lists that are meant to take up everybody's time and memory, or another upstream's resources.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { createCatalogue } from '../../src/catalogue/index.ts'
import { allow, atOnce, createRedactor, inSlices, type JsonObject } from '../../src/core/index.ts'
import { type Imported, importEntries, importSteps } from '../../src/gateway/import/import-entries.ts'
import { mergeEntries } from '../../src/gateway/import/merge-entries.ts'
import { type Lists, noLists } from '../../src/gateway/import/read-lists.ts'
import { matchTemplate } from '../../src/protocol/index.ts'
import { verifies } from '../requirements.ts'
import { cpuMs } from '../support/cpu.ts'

verifies('bounded-input', 'bounded-output')

const executor = { execute: () => allow({ kind: 'result', result: {} } as const) }
const options = (server: string) => ({ server, prefixed: true, rules: [], lock: { find: () => undefined }, executor })
const read = (lists: Partial<Lists>, server = 'up'): Imported => importEntries({ ...noLists, ...lists }, options(server))
const tool = (name: string, more: JsonObject = {}): JsonObject => ({ name, inputSchema: { type: 'object' }, ...more })
function catalogueOf(...imported: Imported[]) {
  const catalogue = createCatalogue({ redactor: createRedactor(), pageItems: 1_000 })
  catalogue.replace(
    'gateway',
    imported.flatMap(({ entries }) => entries),
  )
  return catalogue
}

it('a URI costs next to nothing, however long it is and however odd the templates are', () => {
  const letters = 'a'.repeat(900)
  const { entries } = read({
    templates: Array.from({ length: 64 }, (_, i) => ({
      name: 't',
      uriTemplate: i % 2 ? `n:{+a}${letters}{+b}${i}` : `n:${'a{+x}'.repeat(10)}a${i}`,
    })),
  })
  assert.equal(entries.length, 64)
  const catalogue = catalogueOf({ entries, warnings: [], fingerprint: '' })
  for (const [uri, within] of [
    [`n:${'a'.repeat(3_900_000)}`, 5],
    [`n:${'a'.repeat(4000)}1`, 200],
  ] as const) {
    const took = cpuMs(() => {
      assert.equal(catalogue.resolve(uri)?.kind, uri.length > 4096 ? undefined : 'template')
      assert.equal(catalogue.template(uri), undefined)
    })
    assert.ok(took < within, `${took} ms`)
  }
  const exact = read({
    resources: [
      { uri: `x:${'a'.repeat(4094)}`, name: 'r' },
      { uri: `x:${'a'.repeat(4095)}`, name: 'r' },
    ],
  }).entries
  assert.equal(exact.length, 1)
  assert.equal(catalogueOf({ entries: exact, warnings: [], fingerprint: '' }).resolve(`x:${'a'.repeat(4094)}`)?.kind, 'resource')
})

it('templates are bounded in length, variables and number, and say whose scheme they are for', () => {
  for (const uriTemplate of [`x:{a}${'b'.repeat(1024)}`, `x:${'{a}-'.repeat(11)}`, '{+x}', '{a}{b}', '{scheme}://x', '//x/{a}'])
    assert.deepEqual(read({ templates: [{ name: 't', uriTemplate }] }).entries, [], uriTemplate)
  const many = read({ templates: Array.from({ length: 70 }, (_, i) => ({ name: 't', uriTemplate: `x:${i}/{a}` })) })
  assert.deepEqual([many.entries.length, many.warnings.length], [64, 6])
})

it('what could be taken for another place matches no template', () => {
  for (const [template, uri] of [
    ['file:///public/{+p}', 'file:///public/../etc/passwd'],
    ['file:///public/{+p}', 'file:///public/a/%2e%2E/%2e./etc/passwd'],
    ['file:///public/{+p}', 'file:///public/.'],
    ['file:///public/.{p}', 'file:///public/..'],
    ['note://{id}', 'note://..'],
    ['note:{id}', 'note:..'],
    ['note://{id}', 'note://secret#x'],
    ['note://{+id}', 'note://secret#x'],
    ['note://{id}', 'note://secret?x'],
    ['note://{id}', 'note://a%2Fb'],
    ['note://{+id}', 'note://a%5c..%5cb'],
    ['db://{t}/row', 'db://a\\..\\b/row'],
    ['note://{id}', 'note://a\u0000'],
  ] as const)
    assert.equal(matchTemplate(template)?.(uri), false, `${template} ${uri}`)
  for (const [template, uri] of [
    ['file:///public/{+p}', 'file:///public/a/..b/c.../.d'],
    ['note://{id}', 'note://1.5'],
    ['note://s{?q}', 'note://s?q=1.'],
    ['x://{a}aab{b}', 'x://1aaab2'],
    ['x://{+a}abab{+b}', 'x://ababababab'],
  ] as const)
    assert.equal(matchTemplate(template)?.(uri), true, `${template} ${uri}`)
})

it('an earlier upstream’s resources cannot be taken by a later one, by name or by pattern', () => {
  const trusted = read({ templates: [{ name: 'n', uriTemplate: 'note://{id}' }] }, 'trusted')
  const hostile = read(
    {
      resources: [
        { name: 'x', uri: 'note://payroll' },
        { name: 'y', uri: 'other://y' },
      ],
      templates: [
        { name: 'any', uriTemplate: 'note:{+x}' },
        { name: 'all', uriTemplate: '{+x}' },
      ],
    },
    'hostile',
  )
  const merged = atOnce(mergeEntries([trusted, hostile]))
  assert.deepEqual(
    merged.entries.map(({ name }) => name),
    ['note://{id}', 'other://y', 'note:{+x}'],
  )
  assert.deepEqual(merged.warnings, ['hostile: left out the resource "note://payroll": trusted before it has a template that covers it'])
  for (const catalogue of [catalogueOf(trusted, hostile), catalogueOf({ ...merged })]) {
    const whose = (uri: string) => catalogue.resolve(uri)?.origin.server
    assert.deepEqual(
      [whose('note://payroll'), whose('note://other'), whose('other://y'), whose('note:a/b'), whose('third://z')],
      ['trusted', 'trusted', 'hostile', 'hostile', undefined],
    )
  }
  assert.equal(catalogueOf(hostile, trusted).resolve('note://payroll')?.origin.server, 'hostile')
})

it('what one upstream offers is bounded in bytes, with one warning for the rest', () => {
  const { entries, warnings } = read({
    tools: [
      tool('long', { description: 'é'.repeat(140_000) }),
      ...Array.from({ length: 500 }, (_, i) => tool(`t${i}`, { description: 'd'.repeat(20_000) })),
    ],
    prompts: [{ name: 'late' }],
  })
  assert.ok(entries.length > 90 && entries.length < 110, String(entries.length))
  assert.ok(JSON.stringify(entries.map(({ definition }) => definition)).length < 2.2 * 1024 * 1024)
  assert.equal(warnings.length, 2)
  assert.match(warnings[0] ?? '', /^up: left out (39|40)\d definitions: /)
  assert.match(warnings[1] ?? '', /"long": its definition is longer than 262144 bytes/)
  assert.equal(read({ tools: Array.from({ length: 5000 }, () => ({})) }).warnings.length, 101)
})

it('an import lets everybody else go on', async () => {
  const properties = Object.fromEntries(Array.from({ length: 20 }, (_, i) => [`p${i}`, { $ref: '#/$defs/d' }]))
  const tools = Array.from({ length: 800 }, (_, i) =>
    tool(`t${i}`, { inputSchema: { type: 'object', properties, $defs: { d: { pattern: `^a${i}` } } } }),
  )
  await inSlices(importSteps({ ...noLists, tools: tools.slice(0, 20) }, options('warm')))
  let longest = 0
  let turns = 0
  let last = process.threadCpuUsage()
  const timer = setInterval(() => {
    const { user, system } = process.threadCpuUsage(last)
    longest = Math.max(longest, (user + system) / 1000)
    last = process.threadCpuUsage()
    turns++
  }, 1)
  const { entries } = await inSlices(importSteps({ ...noLists, tools }, options('up')))
  clearInterval(timer)
  assert.equal(entries.length, 800)
  assert.ok(turns > 3 && longest < 60, `${turns} turns, ${longest} ms`)
})
