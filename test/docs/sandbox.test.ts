/** docs/sandbox.md: its tables are what the code has, and its programs do what it says. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { detectContainer } from '../../src/sandbox/confine/container.ts'
import { type Limits, sandboxShape, serverLimits, snippetDefaults, toolLimits } from '../../src/sandbox/index.ts'
import { ROOT } from '../support/paths.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'

const FILE = 'docs/sandbox.md'
const text = readFileSync(join(ROOT, FILE), 'utf8')

/** Rows of the table below a heading, without its head. */
function rowsBelow(heading: string): string[][] {
  const [, section = ''] = text.split(new RegExp(`^#+ ${heading}$`, 'm'))
  const [table = ''] = /(?:^\|.*\n)+/m.exec(section) ?? []
  const rows = table
    .trim()
    .split('\n')
    .map((row) =>
      row
        .slice(1, -1)
        .split(/(?<!\\)\|/)
        .map((cell) => cell.trim()),
    )
  return rows.slice(2)
}

test('the table of grants is the schema', () => {
  const keys = rowsBelow('Grants').map(([key]) => (key ?? '').replaceAll('`', ''))
  assert.deepEqual(keys, Object.keys(sandboxShape))
})

test('the table of limits is what counts', () => {
  const shown = (value: number | undefined): string => (value === undefined ? '–' : String(value))
  const ofServers: Limits = { ...serverLimits, timeoutMs: undefined as never, maxOutputBytes: undefined as never }
  const { timeoutMs, runSeconds: cpuSeconds, memoryMb, resultBytes: maxOutputBytes } = snippetDefaults
  const ofSnippets: Partial<Limits> = { timeoutMs, cpuSeconds, memoryMb, maxOutputBytes }
  const expected = Object.keys(toolLimits).map((key) => [
    `\`${key}\``,
    ...[toolLimits, ofServers, ofSnippets].map((limits) => shown(limits[key as keyof Limits])),
  ])
  assert.deepEqual(rowsBelow('Limits'), expected)
})

test('what lets bubblewrap work in a container is what doctor says', () => {
  for (const [kind, path] of [
    ['Docker', '/.dockerenv'],
    ['Podman', '/run/.containerenv'],
  ] as const) {
    const { allow = '' } = detectContainer({ exists: (each) => each === path, read: () => '', env: {} }) ?? {}
    const [, options = ''] = rowsBelow('In a container').find(([name]) => name === kind) ?? []
    assert.ok(allow.includes(options.replaceAll('`', '')), `${kind}: ${allow}`)
  }
})

test('its configurations are some', () => {
  for (const [, yaml] of text.matchAll(/^```yaml\n([^]*?)^```$/gm)) {
    const config: unknown = parse(yaml as string)
    const { error } = configSchema.safeParse(
      typeof config === 'object' && config !== null && 'servers' in config ? config : { servers: config },
    )
    assert.deepEqual(error, undefined, yaml)
  }
})

test('a test can hold a tool to what explain tells of it', async () => {
  const snippets = await snippetsIn(FILE)
  const snippet = snippets.find(({ heading }) => heading === 'What something could reach') as Snippet
  await using ran = await runSnippet(snippet, { 'convert.ts': 'export default () => 1\n', 'templates/a.txt': '' })
  const [convert] = await ran.server.explain('convert')
  assert.deepEqual(convert?.reach?.net, [])
})
