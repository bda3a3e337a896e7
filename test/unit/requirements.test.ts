/** Claims, tests and README agree: nothing is claimed that no test proves, and nothing is proved that is not in the table. */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { requirements } from '../requirements.ts'
import { ROOT } from '../support/paths.ts'

const ids = Object.keys(requirements)

function citations(): Map<string, string[]> {
  const found = new Map<string, string[]>()
  for (const file of globSync('test/**/*.test.ts', { cwd: ROOT, exclude: ['**/node_modules/**'] }))
    for (const [, list] of readFileSync(join(ROOT, file), 'utf8').matchAll(/\bverifies\(([^)]*)\)/g))
      for (const [, id] of (list ?? '').matchAll(/'([\w-]+)'/g)) found.set(id ?? '', [...(found.get(id ?? '') ?? []), file])
  return found
}

test('every requirement is cited by a test', () => {
  const cited = citations()
  assert.deepEqual(
    ids.filter((id) => !cited.has(id)),
    [],
  )
})

test('no test cites what is not a requirement', () => {
  assert.deepEqual(
    [...citations().keys()].filter((id) => !ids.includes(id)),
    [],
  )
})

test('a source that is a page of ours has the heading that it names', () => {
  for (const [id, { source }] of Object.entries(requirements)) {
    const [, page, heading] = /(docs\/[\w-]+\.md) §(.+)$/.exec(source) ?? []
    if (page) assert.match(readFileSync(join(ROOT, page), 'utf8'), new RegExp(`^#+ ${heading}$`, 'm'), id)
    else assert.doesNotMatch(source, /architecture §/, id)
  }
})

test('README shows each requirement, of its kind, in the words of the table', () => {
  const readme = readFileSync(join(ROOT, 'README.md'), 'utf8')
  const shown = [...readme.matchAll(/^\| ([\w-]+) \| (guarantee|detector) \| (.*) \|$/gm)].map(([, id, kind, behaviour]) => ({
    id,
    kind,
    behaviour,
  }))
  const expected = Object.entries(requirements).map(([id, { kind, behaviour }]) => ({ id, kind, behaviour }))
  assert.deepEqual(shown, expected, 'run `npm run docs`')
})
