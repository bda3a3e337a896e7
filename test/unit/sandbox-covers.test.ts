// What is hidden in a folder that something sees, and then replaced: whatever runs there is ended before it is told of it, and what
// is started in its place does not see the new file either.

import assert from 'node:assert/strict'
import { once } from 'node:events'
import { chmodSync, mkdirSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { silentLog } from '../../src/core/index.ts'
import { startChild } from '../../src/process/index.ts'
import { createCovers } from '../../src/sandbox/confine/covers.ts'
import {
  type Confined,
  createBubblewrap,
  createPool,
  type Program,
  serverLimits,
  toGrants,
  toNodeProgram,
  toolLimits,
} from '../../src/sandbox/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { said, startGateway } from '../support/gateway.ts'
import { mcp } from '../support/mcp.ts'
import { createTempDir, ROOT, type TempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('sandbox-uncovered')

let temp: TempDir
let folders = 0
before(async () => void (temp = await createTempDir('covers')))
const started: Confined[] = []
after(async () => {
  for (const each of started) each.end('time')
  await temp.remove()
})

/** A folder with a secret and an ordinary file. */
function folderOf(): (...names: string[]) => string {
  const at = (...names: string[]): string => join(temp.path, String(folder), ...names)
  const folder = ++folders
  chmodSync(temp.path, 0o755)
  mkdirSync(at(), { mode: 0o755 })
  for (const name of ['.env', 'file']) writeFileSync(at(name), 'before', { mode: 0o644 })
  return at
}
/** As an editor saves. */
function replace(path: string): void {
  writeFileSync(`${path}~`, 'after', { mode: 0o644 })
  renameSync(`${path}~`, path)
}

test('another file in its place uncovers what is hidden, and one where there was none; a change of the file itself does not', () => {
  const at = folderOf()
  const isOpen = createCovers([at('.env'), at('.npmrc'), at('none/.env')])
  assert.equal(isOpen(), false)
  writeFileSync(at('.env'), 'changed')
  replace(at('file'))
  assert.equal(isOpen(), false)
  replace(at('.env'))
  assert.equal(isOpen(), true)
  rmSync(at('.env'))
  assert.equal(isOpen(), false, 'there is nothing to be seen')
  writeFileSync(at('.npmrc'), '')
  assert.equal(isOpen(), true)
})

test('of many each has its turn', () => {
  const at = folderOf()
  const isOpen = createCovers([...Array.from({ length: 200 }, (_, index) => at(`none-${index}`)), at('.env')])
  replace(at('.env'))
  assert.deepEqual([isOpen(), isOpen(), isOpen(), isOpen()], [false, false, false, true])
})

/** Says when it runs, and for how long it does. */
const waiting = (at: (...names: string[]) => string, more: Partial<Program>): Program => ({
  command: 'sh',
  args: ['-c', 'echo ready; while :; do sleep 0.05; done'],
  cwd: '/',
  env: {},
  grants: toGrants({}, temp.path, serverLimits),
  code: [at()],
  forks: true,
  ...more,
})

test('a program that runs is ended when what is hidden from it is replaced, whatever else is', needsBubblewrap, async () => {
  const at = folderOf()
  const start = async (more: Partial<Program>) => {
    const confined = createBubblewrap().confine(waiting(at, more))
    const child = startChild(confined.command)
    confined.started(child)
    started.push(confined)
    await once(child.stdout, 'data')
    return { confined, child }
  }
  const hidden = [at('.env'), at('.npmrc')]
  symlinkSync(at(), `${at()}-link`)
  const [bound, granted, linked, mayChange] = await Promise.all([
    start({ hidden }),
    start({ hidden, grants: toGrants({ read: [at('.env')] }, '/', serverLimits) }),
    start({ code: [`${at()}-link`], hidden: [`${at()}-link/.npmrc`] }),
    start({ hidden, mayChange: [at('.env')] }),
  ])
  replace(at('file'))
  writeFileSync(at('.env'), 'changed')
  replace(at('.env'))
  await once(bound.child, 'exit')
  assert.equal(bound.confined.ended, 'uncovered')
  // Who was granted that very file, from whom another is hidden, and where it is no secret.
  const others = [granted, linked, mayChange]
  assert.deepEqual(
    others.map(({ confined }) => confined.ended),
    [undefined, undefined, undefined],
  )
  writeFileSync(at('.npmrc'), '')
  await Promise.all(others.map(({ child }) => once(child, 'exit')))
  assert.deepEqual(
    others.map(({ confined }) => confined.ended),
    ['uncovered', 'uncovered', 'uncovered'],
  )
})

test('children that rest are replaced, and a call that runs is ended', needsBubblewrap, async () => {
  const at = folderOf()
  const modules = join(ROOT, 'test/fixtures/modules')
  const args = [pathToFileURL(join(modules, 'probe.mjs')).href]
  const grants = toGrants({ read: [at()] }, modules, toolLimits)
  const node = toNodeProgram({ inside: 'runner', args, grants, code: [modules], hidden: [at('.env')], cwd: modules }, 'bubblewrap')
  const pool = createPool({ name: 'probe', program: node, confinement: createBubblewrap(), log: silentLog, children: 3, spares: 1 })
  try {
    const run = (act: string, path = at('.env')) => pool.run({ owner: 'ana', message: { params: { act, path } }, onAbort: () => {} })
    const read = async (path?: string): Promise<string> => JSON.stringify(await run('read', path))
    assert.match(await read(at('file')), /before/)
    assert.doesNotMatch(await read(), /before/)
    await until('one is ready for the next', () => pool.status().children === 2)
    const running = run('wait')
    await until('it works', () => pool.status().busy === 1)
    replace(at('.env'))
    assert.deepEqual(await running, { kind: 'stopped', why: 'uncovered' })
    assert.doesNotMatch(await read(), /before|after/)
    assert.match(await read(at('file')), /before/)
  } finally {
    await pool.close()
  }
})

test(
  'a guarded server is started again, its callers are told why, and it sees neither the old file nor the new one',
  needsBubblewrap,
  async () => {
    const at = folderOf()
    await using gateway = await startGateway({
      servers: (folder) => {
        chmodSync(folder, 0o755)
        return {
          notes: { command: process.execPath, args: [join(ROOT, 'test/fixtures/sandbox-server.mjs')], sandbox: { read: [folder, at()] } },
        }
      },
    })
    const client = mcp(gateway.url, { key: (await gateway.key()).key })
    const file = join(gateway.folder, 'sallyport.yaml')
    const read = async (path: string): Promise<string> => said(await client.call('read', { path }))
    assert.match(await read(file), /^E(?:ACCES|NOENT)$/)
    replace(file)
    const words = /would have seen a file that is hidden from it and was replaced, and was ended/
    await until('it is told of', () => words.test(gateway.log()))
    await until('it is back', async () => (await read(at('file'))) === 'before', 20_000)
    assert.match(await read(file), /^E(?:ACCES|NOENT)$/)
  },
)
