/** docs/architecture.md is the picture of the code: its stages, its folders and their order, its seams. */

import assert from 'node:assert/strict'
import { existsSync, globSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/paths.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const text = read('docs/architecture.md').replace(/```[\s\S]*?```/g, '')
const codesIn = (cell: string): string[] => [...cell.matchAll(/`([^`]+)`/g)].map(([, code]) => code as string)
/** The cells of each row of the table below a header that begins so. */
function rowsBelow(document: string, header: string): string[][] {
  const [table = ''] = document.slice(document.indexOf(header)).split('\n\n')
  const rows = table.split('\n').slice(2)
  assert.ok(rows.length > 2, `there is a table "${header}"`)
  return rows.map((row) => row.split(' | ').map((cell) => cell.replace(/^\| | \|$/g, '')))
}

test('every refusal stands at the stages that docs/errors.md names, and at no other', () => {
  const stages = new Map(
    rowsBelow(text, '| stage |').map(([stage = '', , refusals = '']) => [/\w+/.exec(stage.replace('guards/', ''))?.[0], codesIn(refusals)]),
  )
  const errors = rowsBelow(read('docs/errors.md'), '| reason |')
  for (const [reason = '', where = ''] of errors) {
    const found = [...stages].filter(([, refusals]) => refusals.includes(codesIn(reason)[0] as string)).map(([stage]) => stage)
    assert.deepEqual(found, where.split(', '), reason)
  }
  const known = new Set(errors.map(([reason = '']) => codesIn(reason)[0]))
  for (const [stage, refusals] of stages) for (const reason of refusals) assert.ok(known.has(reason), `${stage}: ${reason}`)
})

test('every folder is there, with a file to start at that exists', () => {
  const rows = rowsBelow(text, '| folder |')
  const folders = readdirSync(join(ROOT, 'src'), { withFileTypes: true }).filter((entry) => entry.isDirectory())
  assert.deepEqual(rows.map(([folder = '']) => codesIn(folder)[0]).sort(), folders.map(({ name }) => `${name}/`).sort())
  for (const [folder = '', , start = ''] of rows)
    for (const file of codesIn(start)) assert.ok(existsSync(join(ROOT, 'src', codesIn(folder)[0] as string, file)), `${folder} ${file}`)
})

test('every file and folder of the source that it names is there', () => {
  const files = globSync('src/**', { cwd: ROOT }).map((file) => file.replaceAll('\\', '/').slice('src/'.length))
  const isNamed = (code: string): boolean => /^[a-z/-]+(\.ts|\/)$/.test(code) || files.includes(code.split('/')[0] as string)
  // Those in links are looked at with all other links.
  const named = codesIn(text).filter((code) => isNamed(code) && !/^(src|test)\//.test(code))
  assert.ok(named.length > 50)
  for (const name of named) {
    const plain = name.replace(/\/$/, '')
    assert.ok(
      files.some((file) => file === plain || file === `${plain}.ts` || file.endsWith(`/${plain}`)),
      name,
    )
  }
})

test('the order of imports is the one that is checked', () => {
  const layers = read('test/unit/layers.test.ts')
  for (const pattern of [/^const order = (\[[\s\S]*?\n\])/m, /^const orderInGateway = (\[\[.*\]\])$/m]) {
    const [, order = ''] = pattern.exec(layers) ?? []
    const checked = [...order.matchAll(/\[('[^\]]+)\]/g)].map(([, folders]) => (folders as string).replaceAll("'", ''))
    assert.ok(checked.length > 6)
    assert.ok(text.includes(`\`${checked.join(' ← ')}\``), checked.join(' ← '))
  }
})

test('every seam is in its file', () => {
  for (const [seam = '', file = ''] of rowsBelow(text, '| seam |')) {
    const [name] = codesIn(seam)
    assert.match(read(`src/${codesIn(file)[0]}`), new RegExp(`export interface ${name}\\b`), name)
  }
})
