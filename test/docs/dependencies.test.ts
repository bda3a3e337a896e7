/** docs/dependencies.md names every dependency of every manifest with its version, and nothing that is not there. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/dependencies.md'), 'utf8')
const manifest = (folder: string) => JSON.parse(readFileSync(join(ROOT, folder, 'package.json'), 'utf8'))

/** The table below a heading: package → version. Each row must say what it is for. */
function tableBelow(heading: string): Record<string, string> {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`))
  assert.ok(section, `docs/dependencies.md has a section ${heading}`)
  const rows = [...section.matchAll(/^\| `([^`]+)` \| (\S+) \| (.+) \|$/gm)]
  return Object.fromEntries(rows.map(([, name, version]) => [name, version]))
}

test('what is published', () => {
  assert.deepEqual(tableBelow('What is published with Sallyport'), manifest('.').dependencies)
})

test('what building and testing need', () => {
  assert.deepEqual(tableBelow('What building and testing need'), manifest('.').devDependencies)
})

// Two are too large for an install of everything, and have lock files of their own.
for (const folder of [...(manifest('.').workspaces as string[]), 'test/clients-large', 'test/hosts'])
  test(`what ${folder} needs`, () => {
    const { dependencies, devDependencies, optionalDependencies } = manifest(folder)
    assert.deepEqual(tableBelow(`\`${folder}\``), { ...dependencies, ...devDependencies, ...optionalDependencies })
  })
