/** One-time codes and recovery codes: turned on with a first code, used, and made anew. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPeopleFixture, ISSUER, PASSWORD } from '../support/accounts.ts'
import { createAuthenticator } from '../support/authenticator.ts'

const start = () => ({ people: createPeopleFixture() })

test('codes are on once an app has shown that it has the seed, which is stored sealed', async () => {
  const { people } = start()
  const ana = await people.account('ana')
  const { oneTimeCodes, store } = people
  assert.equal(await oneTimeCodes.since(ana), undefined)
  const begun = await oneTimeCodes.begin(ana)
  const uri = new URL(begun.uri)
  assert.deepEqual([uri.protocol, uri.host, decodeURIComponent(uri.pathname)], ['otpauth:', 'totp', '/mcp.example.com:ana'])
  const parameters = Object.fromEntries(uri.searchParams)
  assert.deepEqual(
    [parameters['issuer'], parameters['algorithm'], parameters['digits'], parameters['period'], parameters['secret']?.length],
    ['mcp.example.com', 'SHA1', '6', '30', 32],
  )
  assert.equal(begun.seed.replaceAll(' ', ''), parameters['secret'])
  assert.equal(await oneTimeCodes.confirm(ana, begun.ticket, '000000'), 'wrong')
  assert.equal(await oneTimeCodes.since(ana), undefined)

  await people.withCodes(ana)
  assert.equal(await oneTimeCodes.since(ana), people.now())
  const kept = JSON.stringify(await store.records('second_factor').list())
  assert.match(kept, /"seed":"v2\./)
  assert.equal(await oneTimeCodes.turnOff(ana), true)
  assert.equal(await oneTimeCodes.turnOff(ana), false)
  assert.equal(await oneTimeCodes.since(ana), undefined)
})

test('the first code comes within ten minutes, from the same account', async () => {
  const { people } = start()
  const [ana, ben] = [await people.account('ana'), await people.account('ben')]
  const { ticket } = await people.oneTimeCodes.begin(ana)
  for (const forged of ['', 'x', ticket.slice(0, -2), `${ticket}A`, 'x'.repeat(10_000)])
    assert.equal(await people.oneTimeCodes.confirm(ana, forged, '000000'), 'expired')
  assert.equal(await people.oneTimeCodes.confirm(ben, ticket, '000000'), 'expired')
  people.pass(601)
  assert.equal(await people.oneTimeCodes.confirm(ana, ticket, '000000'), 'expired')
})

test('a code may be of the step before or after, may be typed in groups, and signs in with the password', async () => {
  const { people } = start()
  const ana = await people.account('ana')
  const code = await people.withCodes(ana)
  people.pass(300)
  for (const seconds of [-60, 60]) assert.equal(await people.oneTimeCodes.use(ana, code(seconds)), false)
  for (const typed of ['', '12345', '1234567', 'abcdef', '１２３４５６']) assert.equal(await people.oneTimeCodes.use(ana, typed), false)
  assert.equal(await people.oneTimeCodes.use(ana, code(-30).replace(/^.../, '$& ')), true)
  assert.equal(await people.oneTimeCodes.use(ana, code()), true)
  assert.equal(await people.oneTimeCodes.use(ana, code(30)), true)
  assert.equal(await people.oneTimeCodes.use(ana, code()), false, 'none from before the last one')
  people.pass(60)
  const half = await people.enter('ana', PASSWORD)
  assert.ok(half.kind === 'second-factor')
  assert.deepEqual([half.account, half.offers], ['ana', ['one-time-code']])
  const done = await people.signIn.secondFactor({ ticket: half.ticket, method: 'one-time-code', code: code(), purpose: 'this sign-in' })
  assert.deepEqual(done, { kind: 'signed-in', account: ana, methods: ['password', 'one-time-code'] })
})

test('a form that turns codes on makes no used code good again when it is sent twice', async () => {
  const { people } = start()
  const ana = await people.account('ana')
  const begun = await people.oneTimeCodes.begin(ana)
  const { Secret, TOTP } = await import('otpauth')
  const app = new TOTP({ secret: Secret.fromBase32(begun.seed.replaceAll(' ', '')) })
  const [first, second] = [app.generate({ timestamp: people.now() }), app.generate({ timestamp: people.now() + 30_000 })]
  assert.equal(await people.oneTimeCodes.confirm(ana, begun.ticket, first), 'on')
  assert.equal(await people.oneTimeCodes.use(ana, first), false, 'it was the first code')
  assert.equal(await people.oneTimeCodes.use(ana, second), true)
  assert.equal(await people.oneTimeCodes.confirm(ana, begun.ticket, first), 'there')
  assert.equal(await people.oneTimeCodes.use(ana, second), false)
})

test('recovery codes are ten, shown once, taken as people type them, and counted down', async () => {
  const { people } = start()
  const ana = await people.account('ana')
  const { recoveryCodes, store } = people
  assert.equal(await recoveryCodes.left(ana), undefined)
  const codes = await recoveryCodes.renew(ana)
  assert.equal(new Set(codes).size, 10)
  for (const code of codes) assert.match(code, /^[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}-[0-9a-hjkmnp-tv-z]{4}$/)
  const kept = JSON.stringify(await store.records('second_factor').list())
  for (const code of codes) assert.ok(!kept.includes(code) && !kept.includes(code.replaceAll('-', '')))
  const typed = ` ${(codes[0] ?? '').toUpperCase().replaceAll('-', ' ').replaceAll('0', 'O').replaceAll('1', 'l')}`
  assert.equal(await recoveryCodes.use(ana, typed), true)
  assert.equal(await recoveryCodes.use(ana, codes[0] ?? ''), false)
  assert.deepEqual(await recoveryCodes.left(ana), { count: 9, since: people.now() })
  const next = await recoveryCodes.renew(ana)
  assert.equal(await recoveryCodes.use(ana, codes[1] ?? ''), false, 'those before have ended')
  assert.equal(await recoveryCodes.use(ana, next[1] ?? ''), true)
  assert.equal(await recoveryCodes.remove(ana), true)
  assert.equal(await recoveryCodes.use(ana, next[2] ?? ''), false)
})

test('where the app is lost, a recovery code is the second factor', async () => {
  const { people } = start()
  const ana = await people.account('ana')
  await people.withCodes(ana)
  const [code = ''] = await people.recoveryCodes.renew(ana)
  const half = await people.enter('ana')
  assert.ok(half.kind === 'second-factor')
  assert.deepEqual(half.offers, ['one-time-code', 'recovery-code'])
  const given = { ticket: half.ticket, method: 'recovery-code', code, purpose: 'this sign-in' } as const
  const done = await people.signIn.secondFactor(given)
  assert.ok(done.kind === 'signed-in')
  assert.deepEqual(done.methods, ['password', 'recovery-code'])
  assert.deepEqual(await people.signIn.secondFactor(given), { kind: 'expired' }, 'a ticket is used up')
})

test('where everything is lost, an operator takes all of it away, and the password is enough again', async () => {
  const { people } = start()
  const ana = await people.account('ana')
  await people.withCodes(ana)
  await people.recoveryCodes.renew(ana)
  const key = createAuthenticator(ISSUER)
  await people.passkeys.add(ana, 's', key.create(await people.passkeys.beginAdding(ana, 's')), 'lost')
  const { token } = await people.sessions.begin({ account: ana, methods: ['passkey'], address: '::1', agent: '' })
  await people.forgetSecondFactors(ana)
  assert.deepEqual(await people.passkeys.list(ana), [])
  assert.deepEqual(await people.store.records('second_factor').list(), [])
  assert.equal(await people.sessions.find(token), undefined)
  assert.equal((await people.enter('ana')).kind, 'signed-in')
})
