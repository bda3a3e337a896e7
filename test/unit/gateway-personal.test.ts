// Personal data through a gateway: rules in sallyport.yaml, and what a guarded server gets of signs.

import assert from 'node:assert/strict'
import { after, before, test } from 'node:test'
import { tool } from '../fixtures/attacks/behaviour.ts'
import { verifies } from '../requirements.ts'
import { createWitness, type Gateway, said, startGateway, type Witness } from '../support/gateway.ts'
import { ALL_SCOPES } from '../support/guard.ts'
import { mcp } from '../support/mcp.ts'

verifies('personal-rules', 'personal-signs')

// What the witness answers is the name of its tool.
const MAIL = 'ana@example.com'
const NUMBER = '4111111111111111'
let gateway: Gateway
let child: Witness

before(async () => {
  gateway = await startGateway({
    servers: (folder) => {
      child = createWitness(folder, MAIL, { era: 'legacy', name: MAIL, tools: [tool(NUMBER), tool('plain')] })
      return { child: { ...child.entry, release: { plain: { personal: { email: 'allow' } }, '4*': { personal: { email: 'tokenise' } } } } }
    },
    config: { personal: { policy: { card: 'mask', email: 'drop' } } },
  })
})
after(() => gateway[Symbol.asyncDispose]())

const as = async (scopes: readonly string[]) => mcp(gateway.url, { key: (await gateway.key(scopes)).key, version: '2026-07-28' })

test('the rules of sallyport.yaml count for the tools that they name, before those for all', async () => {
  const caller = await as(ALL_SCOPES)
  assert.equal(said(await caller.call('plain')), `${MAIL}: plain`)
  assert.match(said(await caller.call(NUMBER)), /^tok_email_[a-z2-7]{26}: \[redacted:card\]$/)
})

test('a guarded server gets the value of who may reveal it, and the sign of anybody else', async () => {
  const caller = await as(ALL_SCOPES)
  const [sign = ''] = said(await caller.call(NUMBER)).split(':')
  await caller.call('plain', { to: sign })
  await (await as([...ALL_SCOPES, 'data:reveal'])).call('plain', { to: `<${sign}>` })
  const sent = child
    .messages()
    .flatMap(({ method, params }) => (method === 'tools/call' && params.arguments?.to ? [params.arguments.to] : []))
  assert.deepEqual(sent, [sign, `<${MAIL}>`])
  assert.equal((await gateway.cli('reveal', sign)).stdout, `${MAIL}\n`)
})

test('a slip in a rule is named where it is, before anything starts', async () => {
  for (const [config, words] of [
    [{ personal: { policy: { card: 'hide' } } }, /personal\.policy\.card/],
    [{ personal: { policy: { passport: 'mask' } } }, /passport/],
    [{ servers: { a: { command: 'x', release: { '*': { personal: { email: 'maks' } } } } } }, /email/],
  ] as const)
    await assert.rejects(startGateway({ servers: {}, config }), words)
})
