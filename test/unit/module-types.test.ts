// TypeScript modules of tools: their types are taken out once, inside, and what a child is told is what the file says, or nothing.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { mkdir, symlink, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { pathToFileURL } from 'node:url'
import { silentLog } from '../../src/core/index.ts'
import { createChildren, type Depth, openConfinement, toGrants, toNodeProgram, toolLimits } from '../../src/sandbox/index.ts'
import { moduleFiles } from '../../src/server/definitions/index.ts'
import { createModuleTypes } from '../../src/server/module-types.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { createTempDir } from '../support/paths.ts'

/** Whether a process has loaded Node's compiler for TypeScript. */
const COMPILER = `const compiler = (): boolean => process.moduleLoadList.some((name: string) => name.includes('amaro'))\n`

async function place(files: Readonly<Record<string, string>>) {
  const folder = await createTempDir('types')
  await mkdir(join(folder.path, 'tools'))
  const all = { 'package.json': '{"type":"module"}', ...files }
  for (const [name, text] of Object.entries(all)) await writeFile(join(folder.path, name), text)
  return { path: (name: string) => join(folder.path, name), [Symbol.asyncDispose]: folder.remove }
}

/** Named by the end of their path. */
async function greetingOf(file: string, depth: Depth): Promise<readonly string[] | undefined> {
  await using types = await open(depth)
  const greeting = await types.greeting(file)
  return greeting === undefined ? undefined : Object.keys(JSON.parse(greeting) as object).map((url) => url.slice(url.lastIndexOf('/') + 1))
}

async function open(depth: Depth) {
  const confinement = await openConfinement({ prefer: depth })
  const types = createModuleTypes({ confinement, log: silentLog })
  return { ...types, confinement, [Symbol.asyncDispose]: types.close }
}

/** What it answers, in a child that was told. */
async function answerOf(file: string, depth: Depth, before: () => Promise<void> = async () => {}): Promise<unknown> {
  await using types = await open(depth)
  const greeting = await types.greeting(file)
  await before()
  const children = createChildren({ confinement: types.confinement, log: silentLog, spares: 0 })
  const cwd = join(file, '..')
  const args = [pathToFileURL(file).href, ...(greeting === undefined ? [] : ['stripped'])]
  const program = toNodeProgram({ inside: 'runner', args, grants: toGrants({}, cwd, toolLimits), ...moduleFiles(file), cwd }, depth)
  const end = await children.pool({ name: 'x', program, greeting }).run({ owner: 'o', message: {}, onAbort: () => {} })
  await children.close()
  return end.kind === 'done' ? (end.value as { readonly answer: unknown }).answer : end
}

for (const [depth, needs] of [
  ['bubblewrap', needsBubblewrap],
  ['node-permission', {}],
] as const)
  describe(`types of modules, ${depth}`, needs, () => {
    it('a module and what it imports run without the compiler of Node', async () => {
      await using files = await place({
        'tools/sum.ts': `import { twice } from './_twice.mts'\n${COMPILER}export default (): object => ({ sum: twice(4) as number, compiler: compiler() })`,
        'tools/_twice.mts': `export * from './_deeper.ts'`,
        'tools/_deeper.ts': 'export const twice = (n: number): number => n * 2',
      })
      assert.deepEqual(await greetingOf(files.path('tools/sum.ts'), depth), ['sum.ts', '_twice.mts', '_deeper.ts'])
      assert.deepEqual(await answerOf(files.path('tools/sum.ts'), depth), { sum: 8, compiler: false })
    })

    it('what was changed since runs as it is now', async () => {
      await using files = await place({
        'tools/now.ts': `${COMPILER}export default (): object => ({ says: 'before', compiler: compiler() })`,
      })
      const file = files.path('tools/now.ts')
      const change = () => writeFile(file, `${COMPILER}export default (): object => ({ says: 'after', compiler: compiler() })`)
      assert.deepEqual(await answerOf(file, depth, change), { says: 'after', compiler: true })
    })

    it('plain JavaScript, CommonJS and what cannot be stripped are left to Node', async () => {
      await using files = await place({
        'tools/plain.mjs': 'export default () => 1',
        'tools/common.cts': 'module.exports = (): number => 2',
        'tools/enums.ts': 'enum Colour { Red }\nexport default () => Colour.Red',
      })
      assert.equal(await greetingOf(files.path('tools/plain.mjs'), depth), undefined)
      assert.equal(await answerOf(files.path('tools/plain.mjs'), depth), 1)
      assert.equal(await greetingOf(files.path('tools/common.cts'), depth), undefined)
      assert.equal(await answerOf(files.path('tools/common.cts'), depth), 2)
      assert.equal(await greetingOf(files.path('tools/enums.ts'), depth), undefined)
      assert.match(JSON.stringify(await answerOf(files.path('tools/enums.ts'), depth)), /failed.*enum/)
    })

    it('what never ends, or takes longer the more of it there is, is not waited for', async () => {
      await using files = await place({
        'tools/waits.ts': `import './_pipe.ts'\n/* from${' '.repeat(900_000)}*/\nexport default (): number => 1`,
      })
      execFileSync('mkfifo', [files.path('tools/_pipe.ts')])
      assert.deepEqual(await greetingOf(files.path('tools/waits.ts'), depth), ['waits.ts'])
    })

    it('nothing comes out that the module could not read', async () => {
      await using files = await place({
        'outside.ts': 'export const key: string = "k"',
        'tools/.env.ts': 'export const key: string = "k"',
        'tools/reaches.ts': `import { key } from '../outside.ts'\nimport './.env.ts'\nimport './link.ts'\nexport default (): string => key`,
      })
      // Node's permissions follow a link out (docs/sandbox.md): there it is for the module itself as well.
      if (depth === 'bubblewrap') await symlink(files.path('outside.ts'), files.path('tools/link.ts'))
      assert.deepEqual(await greetingOf(files.path('tools/reaches.ts'), depth), ['reaches.ts'])
    })
  })

it('modules that all bring the same large library are told of it within a bound of all together', needsBubblewrap, async () => {
  const names = Array.from({ length: 20 }, (_, at) => `tools/large-${at}.ts`)
  // Each of these signs is two in JSON, and the text is in there twice.
  const library = { 'tools/_library.ts': `export const x: number = 1${'\t'.repeat(950_000)}` }
  await using files = await place({ ...library, ...Object.fromEntries(names.map((name) => [name, `export * from './_library.ts'`])) })
  await using types = await open('bubblewrap')
  const told = await Promise.all(names.map((name) => types.greeting(files.path(name))))
  const lengths = told.map((greeting = '') => greeting.length)
  assert.ok(lengths[0] !== undefined && lengths[0] > 3_000_000)
  assert.ok(lengths.reduce((sum, one) => sum + one) <= 64 * 1024 * 1024 && lengths.includes(0), lengths.join())
})
