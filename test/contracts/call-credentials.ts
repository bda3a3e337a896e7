/** What every `CallCredentials` must do, whatever is behind it. @module */

import assert from 'node:assert/strict'
import { afterEach, describe, it } from 'node:test'
import type { Decision } from '../../src/core/index.ts'
import type { CallCredentials, CredentialHeaders } from '../../src/gateway/credentials/credentials.ts'
import { verifies } from '../requirements.ts'

export interface CredentialsUnderTest {
  readonly credentials: CallCredentials
  /** Has somebody what is theirs at the server, in the way that people there get it. */
  readonly give: (user: string) => Promise<void>
  /** What they were shown is good no longer, and there is another in its place for whoever asks. */
  readonly replace: (user: string) => Promise<void>
  /** What they were shown is good no longer, and there is no other. */
  readonly spoil: () => Promise<void>
  readonly end: () => Promise<void>
}

const ANA = { user: 'ana' }
const BEN = { user: 'ben' }
/** Who was given nothing. */
const EVE = { user: 'eve' }
const NOBODY = { user: undefined }
const CHALLENGE = 'Bearer error="invalid_token"'

export function describeCallCredentials(name: string, open: () => Promise<CredentialsUnderTest>): void {
  describe(`credentials for calls: ${name}`, () => {
    verifies('upstream-own-token')
    let opened: CredentialsUnderTest | undefined
    const start = async (): Promise<CredentialsUnderTest> => (opened = await open())
    afterEach(async () => {
      await opened?.end()
      opened = undefined
    })

    it('shows for each person what is theirs, the same at each call', async () => {
      const { credentials, give } = await start()
      await give('ana')
      await give('ben')
      const [ana, ben] = [shown(await credentials.present(ANA)), shown(await credentials.present(BEN))]
      for (const [name, value] of Object.entries(ana)) {
        assert.equal(name, name.toLowerCase())
        assert.notEqual(value, ben[name])
      }
      assert.deepEqual(Object.keys(ana), Object.keys(ben))
      assert.deepEqual(shown(await credentials.present(ANA)), ana)
      assert.deepEqual(shown(await credentials.present(BEN)), ben)
    })

    it('answers at once what it has just shown', async () => {
      const { credentials, give } = await start()
      await give('ana')
      const first = shown(await credentials.present(ANA))
      const second = credentials.present(ANA)
      assert.ok(!(second instanceof Promise), 'a call waits for nothing')
      assert.deepEqual(shown(second), first)
    })

    it('has nothing for whoever was given nothing, and says nothing of what others have', async () => {
      const { credentials, give } = await start()
      await give('ana')
      const theirs = shown(await credentials.present(ANA))
      const denial = refused(await credentials.present(EVE), theirs)
      assert.ok(denial.reason === 'not_connected' || denial.reason === 'upstream_unavailable', denial.reason)
      assert.doesNotMatch(JSON.stringify(denial), /ana|eve/)
    })

    it('has nothing for a caller that is no person, nor in the place of what such a one was refused', async () => {
      const { credentials, give } = await start()
      await give('ana')
      const theirs = shown(await credentials.present(ANA))
      assert.equal(refused(await credentials.present(NOBODY), theirs).reason, 'not_permitted')
      const renewed = await credentials.renew(NOBODY, theirs, CHALLENGE)
      if (renewed) refused(renewed, theirs)
    })

    it('has for the gateway itself what somebody has, once somebody has it', async () => {
      const { credentials, give } = await start()
      refused(await credentials.present(undefined), {})
      await give('ana')
      const ana = shown(await credentials.present(ANA))
      assert.deepEqual(shown(await credentials.present(undefined)), ana)
    })

    it('has another in the place of what was refused, the same for all who ask, and for all calls from then on', async () => {
      verifies('upstream-renewed-once')
      const { credentials, give, replace } = await start()
      await give('ana')
      await give('ben')
      const [before, ben] = [shown(await credentials.present(ANA)), shown(await credentials.present(BEN))]
      await replace('ana')
      const renewed = await Promise.all(Array.from({ length: 20 }, () => credentials.renew(ANA, before, CHALLENGE)))
      const [after] = renewed.map(shown)
      for (const [name, value] of Object.entries(after ?? {})) {
        assert.notEqual(value, before[name])
        assert.notEqual(value, ben[name])
      }
      for (const one of renewed) assert.deepEqual(shown(one), after)
      assert.deepEqual(shown(await credentials.present(ANA)), after)
      // Whoever was still on the way with the first one.
      assert.deepEqual(shown(await credentials.renew(ANA, before, CHALLENGE)), after)
    })

    it('never has what is another’s in the place of what was refused', async () => {
      const { credentials, give } = await start()
      await give('ana')
      await give('ben')
      const [ana, ben] = [shown(await credentials.present(ANA)), shown(await credentials.present(BEN))]
      assert.deepEqual(shown(await credentials.renew(ANA, ben, CHALLENGE)), ana)
      const denied = await credentials.renew(EVE, ben, CHALLENGE)
      if (denied) refused(denied, ben)
    })

    it('does not have again what was refused, where there is no other', async () => {
      const { credentials, give, spoil } = await start()
      await give('ana')
      const before = shown(await credentials.present(ANA))
      await spoil()
      const renewed = await credentials.renew(ANA, before, CHALLENGE)
      if (renewed) refused(renewed, before)
    })
  })
}

function shown(given: Decision<CredentialHeaders> | undefined): CredentialHeaders {
  assert.ok(given?.allowed, JSON.stringify(given))
  assert.ok(Object.keys(given.value).length > 0, 'something is shown')
  return given.value
}

/** Why; nothing of `theirs` is in it. */
function refused(given: Decision<CredentialHeaders>, theirs: CredentialHeaders) {
  assert.ok(!given.allowed, 'nothing is shown')
  for (const value of Object.values(theirs)) assert.ok(!JSON.stringify(given.denial).includes(value.split(' ').at(-1) as string))
  return given.denial
}
