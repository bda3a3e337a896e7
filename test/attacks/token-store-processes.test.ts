// Several processes with one sign-in, and processes that are killed while they write: no token is spent twice, none is lost.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { text } from 'node:stream/consumers'
import { afterEach, beforeEach, test } from 'node:test'
import { setTimeout as sleep } from 'node:timers/promises'
import { createFileTokenStore } from '../../src/client/store/file-store.ts'
import { verifies } from '../requirements.ts'
import { until } from '../support/until.ts'

verifies('token-store')

const NAME = 'sign-in/https%3A%2F%2Fmcp.example.com%2Fmcp/default'
const program = join(import.meta.dirname, '../support/token-store-child.ts')

let dataDir: string
let children: ChildProcess[] = []
beforeEach(async () => {
  dataDir = await mkdtemp(join(tmpdir(), 'sallyport-'))
})
afterEach(async () => {
  for (const child of children) child.kill('SIGKILL')
  children = []
  await rm(dataDir, { recursive: true })
})

const open = () => createFileTokenStore({ dataDir, env: {} })

function start(...args: string[]) {
  const child = spawn(process.execPath, [program, args[0] ?? '', dataDir, NAME, ...args.slice(1)], { stdio: ['ignore', 'pipe', 'inherit'] })
  children.push(child)
  let said = ''
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    said += chunk
  })
  return { child, lines: () => said.split('\n').slice(0, -1) }
}

test('processes that renew one token at once spend every refresh token once, and end with the last one', async () => {
  const spent = new Set<string>()
  let current = 'token-0'
  let reused = 0
  const server = createServer(async (request, response) => {
    const token = await text(request)
    if (token !== current) reused++
    spent.add(token)
    // Slow enough for another process to come between, were it let in.
    await sleep(3)
    current = `token-${spent.size}`
    response.end(current)
  })
  await once(server.listen(0, '127.0.0.1'), 'listening')
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`
  await open().write(NAME, current)
  const ended = Array.from({ length: 3 }, () => start('contend', url, '25')).map(({ child }) => once(child, 'exit'))
  assert.deepEqual(await Promise.all(ended), [
    [0, null],
    [0, null],
    [0, null],
  ])
  server.close()
  assert.equal(reused, 0)
  assert.equal(spent.size, 75)
  assert.equal(await open().read(NAME), 'token-75')
})

test('a process that is killed while it writes leaves the old record or the new one, and its lock to the next', async () => {
  let next = 0
  for (let round = 0; round < 16; round++) {
    const { child, lines } = start('write', String(next))
    await until('a record is written', () => lines().length > round % 3)
    // Somewhere in the next one, which takes about ten milliseconds.
    await sleep(round)
    child.kill('SIGKILL')
    await once(child, 'close')
    const last = Number(lines().at(-1))
    const [n, filling = ''] = ((await open().read(NAME)) ?? '').split(' ')
    assert.ok(n === String(last) || n === String(last + 1), `${n} after ${last}`)
    assert.equal(filling.length, (Number(n) * 7919) % 200_000)
    next = last + 2
    // It does not wait for the dead, and sweeps what they left.
    await open().write(NAME, `${next} `)
    next++
    const files = await readdir(join(dataDir, 'client'))
    assert.deepEqual(files.map((file) => file.replace(/^[0-9a-f]{64}\./, '')).sort(), ['cleaned', 'lock', 'sealed'])
  }
})

test('a change of the key that is killed leaves every record readable, and the next one ends it', async () => {
  const names = Array.from({ length: 12 }, (_, n) => `pins/${n}`)
  const store = open()
  for (const name of names) await store.write(name, `value of ${name}`)
  for (let round = 0; round < 10; round++) {
    const { child, lines } = start('rotate')
    if (round % 3 === 0) await until('a key is changed', () => lines().length > 0)
    else
      await until('a key is being changed', async () => (await readdir(join(dataDir, 'client'))).some((file) => file === 'rotation.lock'))
    await sleep(round * 4)
    child.kill('SIGKILL')
    await once(child, 'close')
    // Both a process that starts now and one that ran all the time.
    for (const name of names) for (const one of [open(), store]) assert.equal(await one.read(name), `value of ${name}`)
  }
  assert.deepEqual(await open().rotateKey(), { resealed: 12, unreadable: 0 })
})

test('processes that tidy up at once, and are killed at it, remove what is unused and nothing that is used', async () => {
  verifies('client-retention')
  const days = (n: number): number => Date.now() - n * 86_400_000
  const nameOf = (n: number): string => `sign-in/https%3A%2F%2F${n}.example.com%2F/default`
  const at = (time: number) => createFileTokenStore({ dataDir, env: {}, clock: () => time })
  const all = Array.from({ length: 30 }, (_, n) => n)
  const [old, recent] = [at(days(94)), at(days(5))]
  for (const n of all) await (n % 3 === 0 ? recent : old).write(nameOf(n), `value of ${n}`)
  // Somebody is inside of one that is old, and somebody begins to use one.
  const held = open()
  await held.exclusively(nameOf(1), async () => {
    for (let round = 0; round < 3; round++) {
      const two = [start('prune'), start('prune')]
      await until('something is removed', () => two.some(({ lines }) => lines().length > 0))
      for (const { child } of two) {
        child.kill('SIGKILL')
        await once(child, 'close')
      }
      if (round === 0) await open().read(nameOf(29))
    }
    await open().prune()
    assert.equal(await held.read(nameOf(1)), 'value of 1')
  })
  const store = open()
  const left = await store.names()
  const mustStay = all.filter((n) => n % 3 === 0 || n === 1).map(nameOf)
  for (const name of mustStay) assert.ok(left.includes(name), name)
  for (const name of left) if (name !== nameOf(29)) assert.ok(mustStay.includes(name), name)
  for (const n of all) if (left.includes(nameOf(n))) assert.equal(await store.read(nameOf(n)), `value of ${n}`)
})
