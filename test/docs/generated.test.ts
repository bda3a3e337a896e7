/** `schema.json` and the tables that are made from code are what the code says now. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { generated } from '../../scripts/generated.mjs'
import { ROOT } from '../support/index.ts'

const files: ReadonlyMap<string, string> = await generated()

for (const [file, text] of files)
  test(`${file} is up to date`, () => {
    assert.equal(readFileSync(join(ROOT, file), 'utf8'), text, 'run `npm run docs`')
  })

test('docs/configuration.md has every variable that the source reads, and no other', async () => {
  const { globSync } = await import('node:fs')
  const read = new Set<string>()
  for (const file of globSync('src/**/*.ts', { cwd: ROOT }))
    for (const [, name] of readFileSync(join(ROOT, file), 'utf8').matchAll(
      /env(?:\.|\[')((?:SALLYPORT_\w+|PORT|NO_COLOR|XDG_DATA_HOME))\b/g,
    ))
      read.add(name as string)
  const [, section = ''] = readFileSync(join(ROOT, 'docs/configuration.md'), 'utf8').split('## Environment')
  const documented = [...(section.split('\n## ')[0] ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name as string)
  assert.deepEqual(documented.sort(), [...read].sort())
})
