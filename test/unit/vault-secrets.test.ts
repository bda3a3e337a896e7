/** Secrets that have a name: sealed at their place, one for everybody and one for each person, never shown. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createMemoryStore } from '../../src/storage/index.ts'
import { createMemoryVault, createNamedSecrets } from '../../src/vault/index.ts'
import { verifies } from '../requirements.ts'

verifies('named-secrets')

const HOUR_MS = 3_600_000
const VALUE = 'correct-horse-battery'

function start() {
  const time = { now: 1_000_000 }
  const clock = (): number => time.now
  const store = createMemoryStore({ clock })
  const secrets = createNamedSecrets({ store, vault: createMemoryVault(), clock })
  return { time, store, secrets }
}

test('everybody’s and each person’s own are different secrets', async () => {
  const { secrets } = start()
  await secrets.set({ name: 'TRACKER', value: `${VALUE}-all`, setBy: 'op' })
  await secrets.set({ name: 'TRACKER', user: 'ana', value: `${VALUE}-ana`, setBy: 'ana' })
  assert.equal((await secrets.open('TRACKER'))?.value, `${VALUE}-all`)
  assert.equal((await secrets.open('TRACKER', 'ana'))?.value, `${VALUE}-ana`)
  assert.equal(await secrets.open('TRACKER', 'bob'), undefined)
  assert.equal(await secrets.remove('TRACKER', 'bob'), false)
  assert.equal(await secrets.remove('TRACKER'), true)
  assert.equal(await secrets.open('TRACKER'), undefined)
  assert.equal((await secrets.open('TRACKER', 'ana'))?.value, `${VALUE}-ana`)
})

test('nothing that is stored or listed holds a value, and one that is moved to another name or person does not open', async () => {
  const { secrets, store } = start()
  for (const user of [undefined, 'ana', 'bob']) await secrets.set({ name: 'A', user, value: `${VALUE}-${user}`, setBy: 'op' })
  await secrets.set({ name: 'B', user: 'ana', value: `${VALUE}-b`, setBy: 'op' })
  const records = store.records<{ sealed: string }>('named_secret')
  const kept = await records.list()
  assert.equal(kept.length, 4)
  assert.ok(!JSON.stringify([kept, await secrets.list()]).includes('horse'))
  const [of, ofAna] = [await records.get('A'), await records.get('A/ana')]
  for (const id of ['A/bob', 'B/ana', 'A']) {
    const there = await records.get(id)
    assert.ok(there && of && ofAna)
    await records.compareAndSet(id, there.version, { ...there.value, sealed: (id === 'A' ? ofAna : of).value.sealed })
    const [name = '', user] = id.split('/')
    assert.equal(await secrets.open(name, user), undefined, id)
  }
})

test('what would be no secret is refused: names that could pass for another place, and values that could not be kept out of results', async () => {
  const { secrets } = start()
  for (const name of ['', 'A/ana', 'a b', '1', '../x', 'x'.repeat(65)])
    assert.match((await secrets.set({ name, value: VALUE, setBy: 'op' }))?.problem ?? '', /^The name of a secret/, name)
  for (const value of ['', 'short', 'a\0bcdefghi', 'x'.repeat(16_385)])
    assert.match((await secrets.set({ name: 'A', value, setBy: 'op' }))?.problem ?? '', /^A secret/)
  for (const value of ['complete', 'structuredContent', 'https://'])
    assert.match(
      (await secrets.set({ name: 'A', user: 'mallory', value, setBy: 'mallory' }))?.problem ?? '',
      /a word that every answer has/,
    )
  assert.match((await secrets.set({ name: 'A', user: '', value: VALUE, setBy: 'op' }))?.problem ?? '', /Nobody/)
  assert.deepEqual(await secrets.list(), [])
})

test('a person’s own that nothing uses for a year is forgotten; use keeps it, and everybody’s stays', async () => {
  const { secrets, time } = start()
  await secrets.set({ name: 'A', value: VALUE, setBy: 'op' })
  await secrets.set({ name: 'A', user: 'ana', value: VALUE, setBy: 'ana' })
  await secrets.set({ name: 'A', user: 'bob', value: VALUE, setBy: 'bob' })
  time.now += 300 * 24 * HOUR_MS
  await secrets.noteUse('A', 'ana')
  await secrets.noteUse('A', 'nobody')
  time.now += 100 * 24 * HOUR_MS
  assert.deepEqual(
    (await secrets.list()).map(({ user }) => user),
    [undefined, 'ana'],
  )
  assert.equal((await secrets.find('A', 'ana'))?.lastUsedAt, time.now - 100 * 24 * HOUR_MS)
})

test('whoever listens is told of what is set and removed, and of nothing else', async () => {
  const { secrets } = start()
  let told = 0
  const stop = secrets.onChange(() => void told++)
  await secrets.set({ name: 'A', value: 'short', setBy: 'op' })
  await secrets.noteUse('A')
  await secrets.remove('A')
  assert.equal(told, 0)
  await secrets.set({ name: 'A', value: VALUE, setBy: 'op' })
  await secrets.remove('A')
  assert.equal(told, 2)
  stop()
  await secrets.set({ name: 'A', value: VALUE, setBy: 'op' })
  assert.equal(told, 2)
})
