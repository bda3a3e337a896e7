/** Budgets: whose they are, what a request costs, and that none of them lets more through than it says. */

import assert from 'node:assert/strict'
import { describe, it, test } from 'node:test'
import fc from 'fast-check'
import type { Admitted, Budget, Decision, Entry, Principal, Understood } from '../../src/core/index.ts'
import { createLimiter, type Limits } from '../../src/guards/index.ts'
import { type Counters, createMemoryCounters } from '../../src/storage/index.ts'

const minute = (max: number) => ({ max, windowMs: 60_000 })

const person = (subject: string, over: Partial<Principal> = {}): Principal =>
  Object.freeze({
    issuer: 'test',
    subject,
    user: (over.credential ?? 'token') === 'token' ? subject : undefined,
    clientId: 'agent',
    credential: 'token',
    scopes: [],
    roles: [],
    credentialId: `id-${subject}`,
    ...over,
  })

/** What the limiter looks at of a request: who, and which tool. */
const request = (principal: Principal, tool?: string): Understood =>
  ({
    transport: 'http',
    address: '203.0.113.1',
    headers: {},
    principal,
    message: tool === undefined ? { method: 'tools/list', params: {} } : { method: 'tools/call', params: { name: tool } },
  }) as unknown as Understood

const tool = (name: string, limits?: Entry['limits']): Entry => ({ kind: 'tool', name, limits }) as Entry

interface Rig {
  /** What is left after a request; else who is out of budget, and for how long. */
  ask(principal: Principal, tool?: string): string
  knock(address: string): string
  /** From that address, through the door. */
  come(address: string, principal: Principal, tool?: string): string
  pass(ms: number): void
  readonly keys: Set<string>
}

function create(limits: Limits, tools: readonly Entry[] = []): Rig {
  let now = 1_000_000
  const memory = createMemoryCounters({ clock: () => now })
  const keys = new Set<string>()
  const counters: Counters = {
    ...memory,
    increment(key, windowMs, cost) {
      keys.add(key)
      return memory.increment(key, windowMs, cost)
    },
  }
  const limiter = createLimiter({ limits, counters, findTool: (name) => tools.find((each) => each.name === name) })
  const shown = (decision: Decision<unknown>): string => {
    if (decision.allowed) {
      const { budget } = (decision.value ?? {}) as Partial<Admitted>
      return budget ? `${budget.policy} ${budget.remaining}` : 'uncounted'
    }
    const { denial } = decision
    assert.equal(denial.reason, 'rate_limited')
    return denial.reason === 'rate_limited' ? `no ${denial.policy} ${denial.limit}/${denial.windowSeconds} ${denial.retryAfterSeconds}` : ''
  }
  return {
    ask: (principal, name) => shown(limiter.limit(request(principal, name)) as Decision<unknown>),
    knock(address) {
      const decision = limiter.checkAddress(address) as Decision<unknown>
      return shown(decision.allowed ? { allowed: true, value: { budget: decision.value } } : decision)
    },
    come(address, principal, name) {
      const left = limiter.checkAddress(address) as Decision<Budget | undefined>
      if (!left.allowed) return shown(left)
      return shown(limiter.limit({ ...request(principal, name), budget: left.value } as Understood) as Decision<unknown>)
    },
    pass(ms) {
      now += ms
    },
    keys,
  }
}

const ana = person('ana')
const bo = person('bo')

describe('a budget', () => {
  it('is each principal’s own, and opens again when its window ends', () => {
    const { ask, pass } = create({ principal: minute(2) })
    assert.deepEqual([ask(ana), ask(ana), ask(ana), ask(bo)], ['principal 1', 'principal 0', 'no principal 2/60 60', 'principal 1'])
    pass(59_001)
    assert.equal(ask(ana), 'no principal 2/60 1')
    pass(999)
    assert.equal(ask(ana), 'principal 1')
  })
  it('is the same one with another credential of the same person, and another one with the same name elsewhere', () => {
    const { ask } = create({ principal: minute(2) })
    assert.deepEqual([ask(ana), ask(person('ana', { credentialId: 'another' }))], ['principal 1', 'principal 0'])
    assert.equal(ask(person('ana', { issuer: 'elsewhere' })), 'principal 1')
  })
  it('of an address is counted at the door, before anybody is known', () => {
    const { knock, ask } = create({ address: minute(1) })
    assert.deepEqual([knock('a'), knock('a'), knock('b')], ['address 0', 'no address 1/60 60', 'address 0'])
    assert.equal(ask(ana), 'uncounted')
  })
  it('of 0 lets nothing through', () => {
    const { ask, knock } = create({ address: minute(0), principal: minute(5), users: { bo: minute(0) } })
    assert.deepEqual([knock('a'), ask(ana), ask(bo)], ['no address 0/60 60', 'principal 4', 'no principal 0/60 60'])
  })
  it('may have a window of milliseconds; when to return is told in whole seconds, never too early', () => {
    const { ask, pass } = create({ principal: { max: 1, windowMs: 250 }, tool: { max: 1, windowMs: 1_500 } }, [tool('t')])
    assert.deepEqual([ask(ana), ask(ana)], ['principal 0', 'no principal 1/0.25 1'])
    pass(250)
    assert.deepEqual([ask(ana, 't'), ask(bo, 't')], ['principal 0', 'principal 0'])
    pass(250)
    assert.equal(ask(ana, 't'), 'no tool 1/1.5 2')
    pass(1_250)
    assert.equal(ask(ana, 't'), 'principal 0')
  })
})

describe('a principal has', () => {
  const limits: Limits = {
    principal: minute(10),
    roles: { clerk: minute(20), boss: { max: 100, windowMs: 120_000 }, slow: { max: 1_000, windowMs: 6_000_000_000 } },
    users: { ana: minute(7) },
    clients: { batch: minute(3) },
  }
  const left = (principal: Principal): string => create(limits).ask(principal)
  it('the budget of its role, of several the most generous, and its own before any', () => {
    assert.equal(left(bo), 'principal 9')
    assert.equal(left(person('bo', { roles: ['clerk'] })), 'principal 19')
    assert.equal(left(person('bo', { roles: ['clerk', 'boss'] })), 'principal 99')
    assert.equal(left(person('bo', { roles: ['boss', 'clerk'] })), 'principal 99')
    assert.equal(left(person('bo', { roles: ['slow', 'clerk'] })), 'principal 19')
    assert.equal(left(person('bo', { roles: ['slow', 'unheard of', 'constructor'] })), 'principal 999')
    assert.equal(left(person('bo', { roles: ['unheard of', 'toString'] })), 'principal 9')
    assert.equal(left(person('ana', { roles: ['boss'] })), 'principal 6')
  })
  it('the budget of an account only where it signed in as that account', () => {
    assert.equal(left(person('ana', { credential: 'key' })), 'principal 9')
    assert.equal(left(person('ana', { credential: 'local' })), 'principal 9')
  })
  it('one for the client it uses, beside its own', () => {
    assert.equal(left(person('bo', { clientId: 'batch' })), 'client 2')
    assert.equal(left(person('bo', { clientId: '__proto__' })), 'principal 9')
  })
  it('none of its own without a credential where addresses are counted: such callers must not use up each other’s', () => {
    const nobody = person('anonymous', { credential: 'none' })
    const both = create({ address: minute(1), principal: minute(1) })
    assert.deepEqual([both.ask(nobody), both.ask(nobody)], ['uncounted', 'uncounted'])
    const alone = create({ principal: minute(1) })
    assert.deepEqual([alone.ask(nobody), alone.ask(nobody)], ['principal 0', 'no principal 1/60 60'])
  })
})

describe('a call', () => {
  const dear = tool('dear', { cost: 5 })
  const rare = tool('rare', { rate: { max: 1, windowMs: 1_000 } })
  const free = tool('free', { cost: 0 })
  it('costs what its tool costs, against every budget that it has', () => {
    const { ask } = create({ principal: minute(10), client: minute(100), tool: minute(7) }, [dear])
    assert.equal(ask(ana, 'dear'), 'tool 2')
    assert.equal(ask(ana), 'principal 4')
    assert.equal(ask(ana, 'dear'), 'no principal 10/60 60')
    assert.equal(ask(bo, 'dear'), 'tool 2')
    assert.equal(ask(bo, 'dear'), 'no tool 7/60 60')
  })
  it('costs its address the same: what the door counted, and the rest', () => {
    const nobody = person('nobody', { credential: 'none' })
    for (const caller of [ana, nobody]) {
      const { come } = create({ address: minute(11) }, [dear, free])
      assert.deepEqual(
        [come('a', caller, 'dear'), come('a', caller, 'free'), come('a', caller, 'dear'), come('a', caller), come('b', caller, 'dear')],
        ['address 6', 'address 5', 'address 0', 'no address 11/60 60', 'address 6'],
      )
    }
  })
  it('may cost nothing, and then needs a budget that is not overdrawn', () => {
    const { ask } = create({ principal: minute(1) }, [free])
    assert.deepEqual(
      [ask(ana), ask(ana, 'free'), ask(ana), ask(ana, 'free')],
      ['principal 0', 'principal 0', 'no principal 1/60 60', 'no principal 1/60 60'],
    )
  })
  it('counts against what the tool says of itself in place of what is said of all tools', () => {
    const { ask, pass } = create({ principal: minute(100), tool: minute(50) }, [rare])
    assert.deepEqual([ask(ana, 'rare'), ask(ana, 'rare'), ask(bo, 'rare')], ['tool 0', 'no tool 1/1 1', 'tool 0'])
    pass(1_000)
    assert.equal(ask(ana, 'rare'), 'tool 0')
  })
  it('of a tool whose definition has changed is counted by the new one', () => {
    const tools = [tool('t', { cost: 2 })]
    const { ask } = create({ principal: minute(10) }, tools)
    assert.equal(ask(ana, 't'), 'principal 8')
    tools[0] = tool('t', { cost: 3 })
    assert.equal(ask(ana, 't'), 'principal 5')
  })
  it('of a tool that is not there is counted like any request, under no name of its own', () => {
    const { ask, keys } = create({ principal: minute(1_000), client: minute(1_000), tool: minute(1) }, [dear])
    for (let n = 0; n < 100; n++) ask(ana, `invented-${n}`)
    assert.equal(keys.size, 2)
    assert.equal(ask(ana, 'invented-0'), 'principal 899')
  })
})

test('counters that answer later decide the same, and a failure of theirs refuses', async () => {
  const memory = createMemoryCounters({ clock: () => 0 })
  const later: Counters = { ...memory, increment: async (...given) => memory.increment(...given) }
  const limits = { address: minute(1), principal: minute(1), client: minute(2) }
  const limiter = createLimiter({ limits, counters: later, findTool: () => undefined })
  const first = await limiter.limit(request(ana))
  assert.equal(first.allowed && first.value.budget?.remaining, 0)
  assert.equal((await limiter.limit(request(ana))).allowed, false)
  assert.equal((await limiter.checkAddress('a')).allowed, true)
  assert.equal((await limiter.checkAddress('a')).allowed, false)
  const broken: Counters = { ...memory, increment: () => Promise.reject(new Error('no connection')) }
  const without = createLimiter({ limits, counters: broken, findTool: () => undefined })
  await assert.rejects(async () => without.limit(request(ana)))
  await assert.rejects(async () => without.checkAddress('a'))
})

test('in no window does any budget let more through than it says, whoever calls whatever', () => {
  const tools = [tool('one'), tool('three', { cost: 3 }), tool('own', { rate: { max: 2, windowMs: 700 } })]
  const people = [ana, bo, person('cy', { roles: ['clerk'] }), person('ana', { clientId: 'other' })]
  const step = fc.record({
    who: fc.nat({ max: people.length - 1 }),
    what: fc.constantFrom(undefined, 'one', 'three', 'own', 'none'),
    wait: fc.constantFrom(0, 0, 0, 1, 250, 999),
  })
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), fc.nat({ max: 6 }), fc.nat({ max: 4 }), (steps, max, perTool) => {
      const limits: Limits = {
        principal: { max, windowMs: 1_000 },
        tool: { max: perTool, windowMs: 1_000 },
        roles: { clerk: { max: 9, windowMs: 1_000 } },
      }
      const { ask, pass } = create(limits, tools)
      let now = 0
      const passed: { at: number; key: string; cost: number; max: number }[] = []
      for (const { who, what, wait } of steps) {
        pass(wait)
        now += wait
        const principal = people[who] as Principal
        if (ask(principal, what).startsWith('no ')) continue
        const cost = what === 'three' ? 3 : 1
        passed.push({ at: now, key: principal.subject, cost, max: principal.roles.length > 0 ? 9 : max })
        const known = what !== undefined && what !== 'none' && what !== 'own'
        if (known) passed.push({ at: now, key: `${principal.subject} ${what}`, cost, max: perTool })
      }
      // A window begins with a request: twice the budget is the most that any second may see of two windows.
      for (const { at, key, max: most } of passed) {
        const spent = passed
          .filter((each) => each.key === key && each.at >= at && each.at < at + 1_000)
          .reduce((sum, each) => sum + each.cost, 0)
        assert.ok(spent <= 2 * most, `${key} spent ${spent} of ${most}`)
      }
      const firstWindow = passed.filter(
        (each) => each.at < 1_000 && each.at - (passed.find(({ key }) => key === each.key)?.at ?? 0) < 1_000,
      )
      for (const { key, max: most } of firstWindow) {
        const spent = firstWindow.filter((each) => each.key === key).reduce((sum, each) => sum + each.cost, 0)
        assert.ok(spent <= most, `${key} spent ${spent} of ${most} in its first window`)
      }
    }),
    { numRuns: 300 },
  )
})
