/**
 * Imports point one way, folders are entered through their index, and only guards and the pipeline can move a request on to
 * its next stage. Read from the source itself, so that no reviewer has to notice.
 */

import assert from 'node:assert/strict'
import { globSync, readFileSync } from 'node:fs'
import { dirname, join, posix } from 'node:path'
import { test } from 'node:test'
import { ROOT } from '../support/paths.ts'

/** From the bottom up. Folders of one line do not know each other. */
const order = [
  ['core'],
  ['net', 'storage', 'protocol', 'process'],
  ['vault', 'trust', 'schema', 'payload', 'sandbox'],
  ['client'],
  ['people'],
  ['retention'],
  ['catalogue', 'oauth'],
  ['guards'],
  ['pipeline'],
  ['transports'],
  ['server'],
  ['gateway'],
  ['cli'],
]
/** The gateway's own folders likewise. Its files beside them stand above all of them. */
const orderInGateway = [['credentials'], ['upstream'], ['secrets'], ['launch', 'each-person'], ['import'], ['config'], ['sandbox']]
/** Whoever can call these can say that a request passed a stage. */
const minting = ['begun', 'detached', 'identify', 'understand', 'admit', 'authorize', 'validated', 'approved', 'executed', 'released']
const mayMint = ['core', 'guards', 'pipeline']

type Files = ReadonlyMap<string, string>

const rankIn = (order: readonly string[][], folder: string): number => order.findIndex((folders) => folders.includes(folder))
const rankOf = (folder: string): number => rankIn(order, folder)
const folderOf = (path: string): string => (path.includes('/') ? (path.split('/')[0] as string) : '')

function problems(files: Files): string[] {
  const wrong: string[] = []
  for (const [path, text] of files) {
    const own = folderOf(path)
    if (own !== '' && rankOf(own) === -1) wrong.push(`${path}: the folder ${own} has no place in the order`)
    for (const [statement, names, target] of imports(text)) {
      const to = posix.normalize(posix.join(dirname(path), target))
      const other = folderOf(to)
      if (to.startsWith('..')) wrong.push(`${path} → ${to}: leaves src`)
      if (other === own || to.startsWith('..')) continue
      if (own !== '' && rankOf(other) >= rankOf(own)) wrong.push(`${path} → ${other}: points up or sideways`)
      if (to !== `${other}/index.ts`) wrong.push(`${path} → ${to}: past the index`)
      if (other === 'core' && !mayMint.includes(own)) {
        if (/\*/.test(names)) wrong.push(`${path}: takes all of core`)
        const taken = names.split(',').map((name) => name.trim())
        for (const name of taken) if (minting.includes(name.split(/\s+as\s+/)[0] ?? '')) wrong.push(`${path}: mints ${name}`)
      }
      if (statement.startsWith('export *')) wrong.push(`${path}: exports without naming`)
    }
  }
  return wrong
}

/** Those between the folders of the gateway. */
function problemsInGateway(files: Files): string[] {
  const wrong: string[] = []
  const rank = (folder: string): number => (folder === '' ? orderInGateway.length : rankIn(orderInGateway, folder))
  for (const [path, text] of files) {
    if (!path.startsWith('gateway/')) continue
    const own = folderOf(path.slice('gateway/'.length))
    if (rank(own) === -1) wrong.push(`${path}: the folder ${own} has no place in the order`)
    for (const [, , target] of imports(text)) {
      const to = posix.normalize(posix.join(dirname(path), target))
      if (!to.startsWith('gateway/')) continue
      const other = folderOf(to.slice('gateway/'.length))
      if (other !== own && rank(other) >= rank(own)) wrong.push(`${path} → ${to}: points up or sideways`)
    }
  }
  return wrong
}

/** Rooms in which a folder imports, by way of whichever others beside it, itself. */
function roomsWithCircles(files: Files): string[] {
  const below = new Map<string, Set<string>>()
  for (const [path, text] of files) {
    const own = dirname(path)
    for (const [, , target] of imports(text)) {
      const other = dirname(posix.normalize(posix.join(own, target)))
      const [from, to] = [own, other].map((folder) => folder.split('/').slice(0, 2).join('/')) as [string, string]
      const areBeside = from !== to && from.includes('/') && to.startsWith(`${folderOf(path)}/`)
      if (areBeside) below.set(from, (below.get(from) ?? new Set()).add(to))
    }
  }
  // Whoever imports nothing that is left is in no circle.
  for (let before = -1; before !== below.size; ) {
    before = below.size
    for (const [folder, others] of below) if (![...others].some((other) => below.has(other))) below.delete(folder)
  }
  return [...new Set([...below.keys()].map(folderOf))]
}

/** Static imports, re-exports and `import()`, types included: a type is a dependency too. */
function imports(text: string): [statement: string, names: string, target: string][] {
  const code = text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '')
  const fixed = [...code.matchAll(/^(?:import|export)\s+(?:type\s+)?([^;'"]*?)\s*from\s*'(\.[^']+)'/gm)]
  const bare = [...code.matchAll(/^import\s+()'(\.[^']+)'/gm)]
  const lazy = [...code.matchAll(/import\(()\s*'(\.[^']+)'\s*\)/g)]
  return [...fixed, ...bare, ...lazy].map(([statement, names, target]) => [
    statement,
    (names ?? '').replace(/^\{|\}$/g, ''),
    target as string,
  ])
}

function source(): Files {
  const files = globSync('**/*.ts', { cwd: join(ROOT, 'src') })
  return new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(ROOT, 'src', file), 'utf8')]))
}

test('every import points down, and through an index', () => {
  const files = source()
  assert.ok(files.size > 30, 'the source was found')
  assert.deepEqual(problems(files), [])
})

test('so does every import inside the gateway', () => {
  const files = source()
  const folders = new Set([...files.keys()].filter((path) => path.startsWith('gateway/')).map((path) => folderOf(path.slice(8))))
  assert.deepEqual([...folders].sort(), ['', ...orderInGateway.flat()].sort())
  assert.deepEqual(problemsInGateway(files), [])
  const broken = new Map([
    ['gateway/upstream/a.ts', "import { x } from '../config/index.ts'"],
    ['gateway/launch/a.ts', "import type { X } from '../each-person/idle.ts'"],
    ['gateway/config/a.ts', "const { x } = await import('../guard.ts')"],
    ['gateway/elsewhere/a.ts', ''],
    ['gateway/guard.ts', "import { x } from './config/index.ts'\nimport { y } from './gateway.ts'"],
    ['gateway/config/fine.ts', "import { x } from '../import/classify.ts'\nimport { y } from '../../core/index.ts'"],
  ])
  assert.deepEqual(
    problemsInGateway(broken).map((problem) => problem.split(/[: ]/)[0]),
    ['gateway/upstream/a.ts', 'gateway/launch/a.ts', 'gateway/config/a.ts', 'gateway/elsewhere/a.ts'],
  )
})

test('folders beside each other import each other in no circle', () => {
  assert.deepEqual(roomsWithCircles(source()), [])
  const broken = new Map([
    ['client/a/x.ts', "import { y } from '../b/y.ts'"],
    ['client/b/y.ts', "import type { Z } from '../c/deep/z.ts'"],
    ['client/c/deep/z.ts', "import { x } from '../../a/x.ts'"],
    ['server/a/x.ts', "import { y } from '../b/y.ts'\nimport { z } from '../z.ts'"],
    ['server/z.ts', "import { x } from './a/x.ts'"],
  ])
  assert.deepEqual(roomsWithCircles(broken), ['client'])
})

test('every index names what it exports, and nothing else exports what is another file’s', () => {
  for (const [path, text] of source()) {
    if (path.endsWith('/index.ts')) assert.doesNotMatch(text, /^export \*/m, path)
    else if (path !== 'index.ts' && path !== 'client-entry.ts') assert.doesNotMatch(text, /^export [^=;]* from '/m, path)
  }
})

/** `index.ts → name` for each name that an index exports, and each value that any file does, and no other file takes. `users`: every file that may take one. */
function unused(users: Files): string[] {
  const taken = new Set<string>()
  for (const [path, text] of users)
    for (const [name, target] of takenBy(text)) taken.add(`${posix.normalize(posix.join(dirname(path), target))} → ${name}`)
  const wrong: string[] = []
  for (const [path, text] of users) {
    if (!path.startsWith('src/')) continue
    const handedOn = /.\/.+\/index\.ts$/.test(path) ? [...text.matchAll(/^export (?:type )?{([^}]*)}/gm)] : []
    const own = [...text.matchAll(/^export (?:async )?(?:function\*?|const|class) (\w+)/gm)].map(([, name]) => name as string)
    const names = [...own, ...handedOn.flatMap(([, list]) => namesIn(list as string)).map(({ as }) => as)]
    if (!taken.has(`${path} → *`)) wrong.push(...names.map((name) => `${path} → ${name}`).filter((name) => !taken.has(name)))
  }
  return wrong
}

/** `a, type B as C`: what each is called there, and here. */
const namesIn = (list: string): { readonly name: string; readonly as: string }[] =>
  [...list.matchAll(/(?:type\s+)?(\w+)(?:\s+as\s+(\w+))?/g)].map(([, name, as]) => ({ name: name as string, as: (as ?? name) as string }))

/** What is imported or exported by name, `(await import('…')).name` and `{ name } = await import('…')` too. */
function takenBy(text: string): [name: string, target: string][] {
  const fixed = imports(text).flatMap(([, list, target]) => namesIn(list).map(({ name }): [string, string] => [name, target]))
  // Kept for later: whatever it has may be taken.
  const whole = [...text.matchAll(/(?<!await )import\('(\.[^']+)'\)/g)].map(([, target]): [string, string] => ['*', target as string])
  const lazy = text.matchAll(/(?:{([^{}]*)} = )?\(?await import\('(\.[^']+)'\)\)?(?:\.(\w+))?/g)
  return [
    ...fixed,
    ...whole,
    ...[...lazy].flatMap(([, list, target, name]) =>
      namesIn(list ?? name ?? '').map((one): [string, string] => [one.name, target as string]),
    ),
  ]
}

test('an index exports only what somebody imports, and any file no value that nobody does', () => {
  const files = globSync('{src,test,bench,examples,scripts}/**/*.{ts,mjs}', { cwd: ROOT, exclude: ['**/node_modules/**'] })
  const users = new Map(files.map((file) => [file.replaceAll('\\', '/'), readFileSync(join(ROOT, file), 'utf8')]))
  assert.ok(users.size > 300, 'the files were found')
  assert.deepEqual(unused(users), [])
  const broken = new Map([
    ['src/a/index.ts', "export { taken, lazy, left, type Kind as Sort } from './a.ts'\nexport type { Left } from './b.ts'"],
    ['src/b/b.ts', "import {\n  type Sort,\n  taken as mine,\n} from '../a/index.ts'\nconst { lazy } = await import('../a/index.ts')"],
    ['src/a/a.ts', 'export const forgotten = 1\nexport async function taken() {}'],
    ['test/a.test.ts', "import { taken } from '../src/a/a.ts'"],
  ])
  assert.deepEqual(unused(broken), ['src/a/index.ts → left', 'src/a/index.ts → Left', 'src/a/a.ts → forgotten'])
})

test('the rules find what they are for', () => {
  const broken = new Map([
    ['core/a.ts', "import { x } from '../guards/index.ts'"],
    ['guards/a.ts', "import { y } from '../core/options.ts'"],
    ['net/a.ts', "import type { Store } from '../storage/index.ts'"],
    ['gateway/a.ts', "import { type Entry, authorize as skip } from '../core/index.ts'"],
    ['oauth/a.ts', "import * as core from '../core/index.ts'"],
    ['cli/a.ts', "const { x } = await import('../gateway/guard.ts')"],
    ['elsewhere/a.ts', ''],
    ['guards/fine.ts', "import { authorize } from '../core/index.ts'"],
  ])
  assert.deepEqual(
    problems(broken).map((problem) => problem.split(/[: ]/)[0]),
    ['core/a.ts', 'guards/a.ts', 'net/a.ts', 'gateway/a.ts', 'oauth/a.ts', 'cli/a.ts', 'elsewhere/a.ts'],
  )
})
