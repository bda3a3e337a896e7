// An issuer that answers slowly says what was true when it was asked: whoever brings a revoked token meanwhile is not let in by it.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import type { Ask } from '../../src/oauth/external/ask.ts'
import { createIntrospection } from '../../src/oauth/external/introspection.ts'
import { verifies } from '../requirements.ts'

verifies('external-revocation')

describe('an answer about a token that comes late', () => {
  it('is nobody’s who asked more than a second after its question', async () => {
    let now = 1_000_000
    let isActive = true
    const gates: PromiseWithResolvers<void>[] = []
    const ask: Ask = Object.assign(
      async () => {
        const document = { active: isActive }
        const gate = Promise.withResolvers<void>()
        gates.push(gate)
        await gate.promise
        return { document }
      },
      { close() {} },
    )
    const introspect = createIntrospection({
      options: { clientId: 'a', clientSecret: 'b', url: 'https://idp.example.com/introspect' },
      metadata: async () => undefined,
      ask,
      clock: () => now,
      log: () => {},
    })
    const first = introspect('token')
    now += 900
    const together = introspect('token')
    await new Promise(setImmediate)
    isActive = false
    now += 2_000
    const later = introspect('token')
    await new Promise(setImmediate)
    assert.equal(gates.length, 2)
    for (const gate of gates) gate.resolve()
    const told = await first
    assert.ok(told.state === 'active' && told.askedAt === 1_000_000, 'it counts from the question on')
    assert.equal(await together, told)
    assert.equal((await later).state, 'inactive')
  })
})
