/** `docs/storage-schema.md` names what there is, and nothing else. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { recordsSchema } from '../../src/storage/sqlite/migrations.ts'
import { ROOT } from '../support/paths.ts'

const read = (path: string): string => readFileSync(join(ROOT, path), 'utf8')
const page = read('docs/storage-schema.md')
const sorted = (items: Iterable<string | undefined>): string[] => [...new Set(items)].filter((item) => item !== undefined).sort()

test('every kind of record has a section, and no section is of a kind that is gone', () => {
  const union = /export type RecordKind =([^\n]*(?:\n\s+\|[^\n]*)*)/.exec(read('src/storage/store.ts'))?.[1] ?? ''
  const kinds = sorted([...union.matchAll(/'(\w+)'/g)].map(([, kind]) => kind))
  assert.ok(kinds.length > 5)
  assert.deepEqual(sorted([...page.matchAll(/^### `(\w+)`$/gm)].map(([, kind]) => kind)), kinds)
})

test('every purpose of a MAC is listed, and no other', () => {
  const sources = globSync('src/**/*.ts', { cwd: ROOT }).map(read).join('\n')
  const used = sorted([...sources.matchAll(/\bmac\('([^']+)'/g)].map(([, purpose]) => purpose))
  assert.ok(used.includes('api-key'))
  const table = page.slice(page.indexOf('| MAC purpose |'))
  assert.deepEqual(sorted([...table.matchAll(/^\| `([^`]+)` \|/gm)].map(([, purpose]) => purpose)), used)
})

test('every column of the records is described', () => {
  const [, columns] = /CREATE TABLE records \(([^]*?)PRIMARY KEY/.exec(recordsSchema.migrations.join('\n')) ?? []
  for (const [, column] of columns?.matchAll(/^\s+(\w+) (?:TEXT|INTEGER)/gm) ?? []) assert.ok(page.includes(`\`${column}\``), column)
})
