/** Somebody has a person's password, and wants to get past the one-time code: by one that they saw, by guessing, by going round it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { createPeopleFixture, PASSWORD, randomCode } from '../support/accounts.ts'

verifies('one-time-code', 'second-factor')

async function start() {
  const people = createPeopleFixture()
  const ana = await people.account('ana')
  const code = await people.withCodes(ana)
  people.pass(300)
  return {
    ...people,
    ana,
    code,
    /** A ticket of a sign-in with the right password. */
    async half(purpose = 'this sign-in', address = '198.51.100.7'): Promise<string> {
      const outcome = await people.enter('ana', PASSWORD, address, purpose)
      if (outcome.kind !== 'second-factor') throw new Error(outcome.kind)
      return outcome.ticket
    },
    give: (ticket: string, code: string, purpose = 'this sign-in', method: 'one-time-code' | 'recovery-code' = 'one-time-code') =>
      people.signIn.secondFactor({ ticket, method, code, purpose }),
  }
}

test('a code that somebody watched being typed is used up', async () => {
  const { half, give, code } = await start()
  assert.equal((await give(await half(), code())).kind, 'signed-in')
  assert.equal((await give(await half(), code())).kind, 'wrong')
})

test('of twenty who type the same code at once one gets in', async () => {
  const { half, give, code } = await start()
  const tickets = await Promise.all(Array.from({ length: 20 }, () => half()))
  const kinds = (await Promise.all(tickets.map((ticket) => give(ticket, code())))).map(({ kind }) => kind)
  assert.equal(kinds.filter((kind) => kind === 'signed-in').length, 1)
})

test('between processes too: the last step is in the store', async () => {
  const { oneTimeCodes, ana, code, store, keyRing, vault, now } = await start()
  const { createOneTimeCodes } = await import('../../src/people/one-time-codes.ts')
  const others = Array.from({ length: 8 }, () => createOneTimeCodes({ store, keyRing, vault, clock: now, title: 'x' }))
  const won = await Promise.all([oneTimeCodes, ...others].map((each) => each.use(ana, code())))
  assert.equal(won.filter(Boolean).length, 1)
})

test('guessing with ever new sign-ins, from ever new addresses, gets some hundred tries a day', async () => {
  const { half, give, pass } = await start()
  let looked = 0
  // Whoever tries more often than this waits all the same (the next test).
  const EVERY_SECONDS = 450
  for (let at = 0; at < 86_400 / EVERY_SECONDS; at++) {
    const ticket = await half('p', `198.51.100.${at}`)
    for (let guess = 0; guess < 5; guess++) if ((await give(ticket, randomCode(), 'p')).kind === 'wrong') looked++
    pass(EVERY_SECONDS)
  }
  assert.ok(looked > 50 && looked <= 120, `${looked} codes were looked at`)
})

test('many guesses at once are no more', async () => {
  const { half, give } = await start()
  const tickets = await Promise.all(Array.from({ length: 10 }, () => half()))
  const all = await Promise.all(tickets.flatMap((ticket) => Array.from({ length: 10 }, () => give(ticket, randomCode()))))
  assert.ok(all.filter(({ kind }) => kind === 'wrong').length <= 6)
})

test('the person themselves waits for that with codes alone: not with a recovery code, and not for ever', async () => {
  const { half, give, code, ana, recoveryCodes, pass } = await start()
  const [recovery = '', second = ''] = await recoveryCodes.renew(ana)
  for (let at = 0; at < 12; at++) await give(await half(), randomCode())
  const waiting = await give(await half(), code())
  assert.ok(waiting.kind === 'wait' && waiting.seconds <= 900 && waiting.again?.ticket)
  assert.equal((await give(await half(), recovery, 'this sign-in', 'recovery-code')).kind, 'signed-in')
  pass(901)
  assert.equal((await give(await half(), code())).kind, 'signed-in')
  assert.equal((await give(await half(), second, 'this sign-in', 'recovery-code')).kind, 'signed-in')
})

test('a ticket is good for five tries', async () => {
  const { half, give, code } = await start()
  const ticket = await half()
  for (let at = 0; at < 5; at++) assert.equal((await give(ticket, 'wrong!')).kind, 'wrong')
  assert.ok(['expired', 'wait'].includes((await give(ticket, code())).kind))
})

test('a ticket is for one sign-in at one browser, for five minutes, and nobody makes one', async () => {
  const { half, give, code, pass, enter, accounts } = await start()
  const ticket = await half('this sign-in')
  assert.deepEqual(await give(ticket, code(), 'another sign-in'), { kind: 'expired' })
  for (const forged of ['', 'v1', ticket.slice(0, -4), ticket.replace(/\.[^.]*$/, '.AAAA'), 'x'.repeat(5000)])
    assert.deepEqual(await give(forged, code()), { kind: 'expired' })
  pass(301)
  assert.deepEqual(await give(ticket, code()), { kind: 'expired' })

  const other = await half()
  await accounts.disable('ana')
  assert.deepEqual(await give(other, code()), { kind: 'expired' }, 'switched off meanwhile')
  await accounts.enable('ana')
  assert.deepEqual(await give(other, code()), { kind: 'expired' })
  assert.equal((await enter('ana')).kind, 'second-factor')
  assert.equal((await give(await half(), code())).kind, 'signed-in', 'and no code was spent on any of them')
})

test('a password alone signs nobody in, and a code of another kind does not help', async () => {
  const { half, give, code } = await start()
  const ticket = await half()
  const outcome = await give(ticket, code(), 'this sign-in', 'recovery-code')
  assert.ok(outcome.kind === 'wrong', 'there are no recovery codes')
  assert.equal((await give(ticket, code())).kind, 'signed-in')
})
