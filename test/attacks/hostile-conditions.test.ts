// Arguments made to get past a rule, to break it, or to keep the process busy deciding it.

import assert from 'node:assert/strict'
import { after, before, describe, it } from 'node:test'
import fc from 'fast-check'
import { compileCondition } from '../../src/catalogue/index.ts'
import type { Condition, JsonObject } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'
import { cpuMs, cpuMsDuring } from '../support/cpu.ts'
import { principal, type Rig, say, startEngine, tool } from '../support/engine.ts'
import { mcp } from '../support/mcp.ts'

verifies('conditions')

const clerk = principal('ana', { roles: ['clerk'] })

function condition(source: string): Condition {
  const compiled = compileCondition(source)
  if ('problem' in compiled) throw new Error(`${source}: ${compiled.problem}`)
  return compiled
}

const many = Array.from({ length: 10_000 }, (_, n) => n)
const texts = many.map((n) => `${'a'.repeat(100)}${n}`)
const deep = (levels: number): unknown => (levels === 0 ? many : [deep(levels - 1)])
/** As large as a request may be, and larger. */
const hostile: JsonObject = JSON.parse(
  JSON.stringify({
    list: many,
    other: many,
    texts,
    more: texts,
    text: 'a'.repeat(3_000_000),
    same: 'a'.repeat(3_000_000),
    needle: `${'a'.repeat(100_000)}b${'a'.repeat(100_000)}`,
    digits: '9'.repeat(3_000_000),
    deep: deep(60),
    alsoDeep: deep(60),
    wide: Object.fromEntries(many.flatMap((n) => Array.from({ length: 20 }, (_, at) => [`k${n}-${at}`, n]))),
    objects: many.map((id) => ({ id, tags: texts.slice(0, 3) })),
  }),
)

const sources = [
  'args.list.all(x, args.list.all(y, args.list.all(z, x + y + z >= 0)))',
  'args.list.exists(x, args.other.exists(y, x == y && x < 0))',
  'args.list.map(x, args.list.map(y, args.list)).size() == 0',
  'args.list.map(x, args.list + args.other).size() == 0',
  'args.list.filter(x, args.list.exists_one(y, x == y)).size() == 0',
  'args.list.exists(x, args.deep != args.alsoDeep)',
  'args.list.exists(x, args.texts != args.more)',
  'args.list.exists(x, args.text != args.same)',
  'args.list.exists(x, args.text < args.same)',
  'args.list.exists(x, args.text + args.same == "")',
  'args.list.exists(x, args.text.lowerAscii() == args.text.trim())',
  'args.list.exists(x, args.text.size() == 1)',
  'args.texts.exists(x, args.more.exists(y, y == x + "!"))',
  'args.texts.exists(x, args.text.contains(x + "b"))',
  'args.texts.exists(x, args.text.contains(args.needle))',
  'args.text.contains(args.needle)',
  'args.text.matches("^(a+)+b$") || args.text.matches("(a|aa)+b") || args.text.matches("(?:a?){50}a{50}b")',
  'args.texts.all(x, x.matches("^(a|aa)+[0-9]+b$"))',
  'args.list.exists(x, int(args.digits) == 1 || double(args.digits) == 1.0)',
  'args.wide.all(k, args.wide[k] >= 0)',
  'args.list.all(x, args.wide.exists(k, false) || size(args.wide) == 0 || args.wide == args.objects[0])',
  'args.objects.exists(x, args.objects.exists(y, x == y && x.id < 0))',
  'args.objects.all(o, o.tags.all(t, args.texts.exists(x, t in args.more && x == t)))',
  Array.from({ length: 20 }, () => 'args.list.exists(x, args.list.exists(y, x < 0))').join(' || '),
  Array.from({ length: 20 }, () => 'args.text.size() == 1').join(' || '),
]

/** A tenth of it on a machine of its own, and room for one that is four times as slow; what is not bounded takes seconds. */
const MOMENT_MS = 200

describe('deciding a rule', () => {
  for (const source of sources) {
    it(`takes a moment at most over the largest arguments: ${source.slice(0, 80)}`, () => {
      const { check } = condition(source)
      let fastest = Number.POSITIVE_INFINITY
      // In this thread's own time: what else the machine does at the moment is not the rule's fault, nor that the heap grows once.
      for (let round = 0; round < 5 && fastest > MOMENT_MS; round++) {
        const begun = process.threadCpuUsage()
        assert.match(check(hostile, clerk), /^(?:met|unmet|failed)$/)
        const { user, system } = process.threadCpuUsage(begun)
        fastest = Math.min(fastest, (user + system) / 1000)
      }
      assert.ok(fastest <= MOMENT_MS, `${fastest} ms`)
    })
  }
  it('never throws, whatever JSON the arguments are', () => {
    const rules = [
      ...sources,
      'args.a <= 100',
      'args["b"].c[0] == args.a || has(args.c.d)',
      'args.a in args.b',
      'principal[args.a] == args.b',
    ].map(condition)
    const key = fc.constantFrom(
      'a',
      'b',
      'list',
      'text',
      'texts',
      'wide',
      'objects',
      'deep',
      '__proto__',
      'constructor',
      'length',
      'toString',
    )
    const args = fc.dictionary(key, fc.jsonValue({ maxDepth: 4 })).map((value) => JSON.parse(JSON.stringify(value)) as JsonObject)
    fc.assert(
      fc.property(fc.constantFrom(...rules), args, (rule, given) => {
        assert.ok(cpuMs(() => assert.match(rule.check(given, clerk), /^(?:met|unmet|failed)$/)) < 1_000)
      }),
      { numRuns: 2_000 },
    )
  })
  it('that runs out of what it may cost fails, though a part of it that is cheap would let the call through', () => {
    const dear = 'args.list.all(x, args.list.all(y, args.list.all(z, x + y + z >= 0)))'
    for (const source of [`${dear} || true`, `!(${dear} && false)`, `(${dear}) ? true : true`, `args.list.exists(q, ${dear} || q == 1)`])
      assert.equal(condition(source).check(hostile, clerk), 'failed', source)
  })
  it('is not got past with values of another type, keys of the prototype, or numbers that are none', () => {
    const rule = condition('args.amount <= 100 && !(args.kind in ["admin", "root"])')
    const attempts = [
      '{"amount":"1","kind":"user"}',
      '{"amount":[1],"kind":"user"}',
      '{"amount":{"valueOf":1},"kind":"user"}',
      '{"amount":null,"kind":"user"}',
      '{"amount":true,"kind":"user"}',
      '{"amount":1e999,"kind":"user"}',
      '{"amount":100.00000000000001e0,"kind":"admin"}',
      '{"kind":"user","__proto__":{"amount":1}}',
      '{"amount":1}',
      '[]',
      '{"AMOUNT":1,"kind":"user"}',
    ]
    for (const attempt of attempts) assert.notEqual(rule.check(JSON.parse(attempt), clerk), 'met', attempt)
    assert.equal(rule.check({ amount: 1, kind: 'user' }, clerk), 'met')
  })
})

describe('a rule on a tool', () => {
  let rig: Rig
  let executed = 0
  const run = () => {
    executed++
    return say('ran')
  }
  const source = 'args.amount <= 100 && principal.roles.exists(r, r == "clerk")'
  before(async () => {
    rig = await startEngine(
      [
        tool('pay', run, { condition: condition(source) }),
        tool('busy', run, { condition: condition('args.list.all(x, args.list.all(y, args.list.all(z, x + y + z >= 0)))') }),
      ],
      { clerk: principal('ana', { roles: ['clerk'] }), other: principal('bo') },
    )
  })
  after(() => rig.close())
  const call = (token: string, name: string, args: object) => mcp(rig.url, { token }).call(name, args)

  it('refuses what does not meet it, with neither its words nor the arguments, and runs what does', async () => {
    assert.equal((await call('clerk', 'pay', { amount: 100 })).result.content[0].text, 'ran')
    for (const [token, args] of [
      ['clerk', { amount: 31_337 }],
      ['clerk', { amount: 'canary' }],
      ['clerk', {}],
      ['other', { amount: 1 }],
    ] as const) {
      const { result } = await call(token, 'pay', args)
      assert.equal(result.isError, true)
      assert.ok(!/31337|canary|args\.|principal\.|clerk/.test(result.content[0].text))
    }
    assert.equal(executed, 1)
    const denied = (await rig.records()).filter(({ reason }) => reason === 'condition_not_met')
    assert.equal(denied.length, 4)
    assert.ok(!/31337|canary/.test(JSON.stringify(denied)))
  })
  it('keeps others waiting for no more than a moment while it is decided over hostile arguments', async () => {
    const took = await cpuMsDuring(async () => {
      const [busy, quick] = await Promise.all([
        Promise.all(Array.from({ length: 5 }, () => call('clerk', 'busy', { list: many }))),
        call('clerk', 'pay', { amount: 1 }),
      ])
      assert.ok(busy.every(({ result }) => result.isError === true))
      assert.equal(quick.result.content[0].text, 'ran')
    })
    assert.ok(took < 2_000, `${took} ms`)
  })
})
