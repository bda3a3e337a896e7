/** Somebody tries a few passwords that many people have on every name that there is, slowly for each name. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { verifies } from '../requirements.ts'
import { createPeopleFixture, PASSWORD } from '../support/accounts.ts'

verifies('password-spraying')

test('from one address few of a thousand names are looked at, and from a whole network no more', async () => {
  for (const addressAt of [
    () => '198.51.100.7',
    (at: number) => `2001:db8:1:2::${at.toString(16)}`,
    (at: number) => `127.0.${at >> 8}.${at & 255}`,
  ]) {
    const people = createPeopleFixture()
    let looked = 0
    for (let at = 0; at < 1000; at++) if ((await people.enter(`person${at}`, 'Summer2027!!', addressAt(at))).kind !== 'wait') looked++
    assert.ok(looked <= 22, `${looked} passwords were looked at`)
  }
})

test('an hour of it, one try each second, is some two tries a minute', async () => {
  const people = createPeopleFixture()
  let looked = 0
  for (let at = 0; at < 3600; at++) {
    if ((await people.enter(`person${at}`, 'Summer2027!!', '198.51.100.7')).kind !== 'wait') looked++
    people.pass(1)
  }
  assert.ok(looked <= 170, `${looked} passwords were looked at`)
})

test('those who are tried sign in from elsewhere meanwhile', async () => {
  const people = createPeopleFixture()
  await people.account('ana')
  for (let at = 0; at < 200; at++) await people.enter(at % 4 ? `person${at}` : 'ana', 'Summer2027!!', '198.51.100.7')
  assert.equal((await people.enter('ana', PASSWORD, '203.0.113.5')).kind, 'signed-in')
})

test('many at once gain nothing', async () => {
  const people = createPeopleFixture()
  const all = await Promise.all(Array.from({ length: 60 }, () => people.enter('ana', 'Summer2027!!', '198.51.100.7')))
  assert.ok(all.filter(({ kind }) => kind === 'wrong').length <= 4)
})

test('what such lists are made of cannot be chosen, and what is long and one’s own can', async () => {
  const { accounts } = createPeopleFixture()
  const problemWith = (password: string) => accounts.problemWith('ana.berg', password)
  const guessed = [
    'password1234',
    'Password123!',
    'P@ssw0rd2026',
    'qwertyuiop12',
    'abcdefghijkl',
    '123456789012',
    '210987654321',
    'aaaaaaaaaaaaaaa',
    'abababababab',
    'Welcome12345',
    'letmeinletmein',
    'iloveyou1234',
    'ana.berg1234',
    'ANA.BERG2026',
    'adminadmin123',
    'sallyport123',
  ]
  for (const password of guessed) assert.match(problemWith(password) ?? 'taken', /guess first|not the name/, password)
  for (const password of [
    PASSWORD,
    'correct horse battery',
    'another long password',
    'kT9#fq2Lw!xz',
    '日本語のとても長い合言葉です',
    'my master plan for tuesday',
  ])
    assert.equal(problemWith(password), undefined, password)
})
