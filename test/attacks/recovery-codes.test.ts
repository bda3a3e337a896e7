/** Somebody has a person's password and wants to get in by a recovery code: an old one, another's, one from the store, or a guess. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createRecoveryCodes } from '../../src/people/recovery-codes.ts'
import { verifies } from '../requirements.ts'
import { createPeopleFixture } from '../support/accounts.ts'

verifies('recovery-code')

async function start() {
  const people = createPeopleFixture()
  const [ana, ben] = [await people.account('ana'), await people.account('ben')]
  await people.withCodes(ana)
  await people.withCodes(ben)
  const codes = await people.recoveryCodes.renew(ana)
  await people.recoveryCodes.renew(ben)
  return {
    ...people,
    ana,
    ben,
    codes,
    async give(name: string, code: string, address = '198.51.100.7'): Promise<string> {
      const half = await people.enter(name, undefined, address)
      if (half.kind !== 'second-factor') return half.kind
      return (await people.signIn.secondFactor({ ticket: half.ticket, method: 'recovery-code', code, purpose: 'this sign-in' })).kind
    },
  }
}

test('a code counts once, and for its account', async () => {
  const { give, codes, recoveryCodes, ana } = await start()
  assert.equal(await give('ben', codes[0] ?? ''), 'wrong')
  assert.equal(await give('ana', codes[0] ?? ''), 'signed-in')
  assert.equal(await give('ana', codes[0] ?? ''), 'wrong')
  assert.equal((await recoveryCodes.left(ana))?.count, 9)
})

test('of twenty who have the same code at once, in several processes, one gets in', async () => {
  const { codes, store, keyRing, now, ana } = await start()
  const all = Array.from({ length: 20 }, () => createRecoveryCodes({ store, keyRing, clock: now }))
  const won = await Promise.all(all.map((each) => each.use(ana, codes[3] ?? '')))
  assert.equal(won.filter(Boolean).length, 1)
})

test('those that were made before count no more, and what the store has is none', async () => {
  const { give, codes, recoveryCodes, ana, store } = await start()
  await recoveryCodes.renew(ana)
  assert.equal(await give('ana', codes[1] ?? ''), 'wrong')
  const kept = (await store.records<{ macs: string[] }>('second_factor').get('recovery/ana'))?.value.macs ?? []
  assert.equal(kept.length, 10)
  for (const mac of kept.slice(0, 3)) assert.equal(await give('ana', mac), 'wrong')
})

test('guesses are slowed down, wherever they come from', async () => {
  const { give, pass } = await start()
  const kinds: string[] = []
  for (let at = 0; at < 60; at++) {
    kinds.push(await give('ana', `zzzz-zzzz-${String(at).padStart(4, '0')}`, `203.0.113.${at}`))
    pass(1)
  }
  assert.ok(kinds.filter((kind) => kind === 'wrong').length <= 12, kinds.join())
  assert.ok(kinds.includes('wait'))
})

test('without one-time codes, recovery codes alone open nothing', async () => {
  const { oneTimeCodes, ana, codes, enter, signIn } = await start()
  const half = await enter('ana')
  assert.ok(half.kind === 'second-factor')
  await oneTimeCodes.turnOff(ana)
  const given = { ticket: half.ticket, method: 'recovery-code', code: codes[5] ?? '', purpose: 'this sign-in' } as const
  assert.equal((await signIn.secondFactor(given)).kind, 'wrong')
})
