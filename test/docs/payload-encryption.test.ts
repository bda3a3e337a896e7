/** docs/payload-encryption.md: its program runs, and its vector opens with nothing but the document and a standard library. */

import assert from 'node:assert/strict'
import { createPrivateKey, hash } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { compactDecrypt, flattenedVerify, importJWK } from 'jose'
import { createContentKeys, openField, parseField, publicJwkOf, thumbprintOf, verifyAgreement } from '../../src/payload/index.ts'
import { mcp } from '../support/mcp.ts'
import { ROOT } from '../support/paths.ts'
import { sealedClient } from '../support/sealed-client.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'
import type { Json } from '../support/sse.ts'

const text = readFileSync(join(ROOT, 'docs/payload-encryption.md'), 'utf8')
const vector: Json = JSON.parse(/^```json\n([\s\S]*?)^```$/m.exec(text)?.[1] as string)

test('the program pays with what nobody on the way has seen', async () => {
  const snippets = await snippetsIn('docs/payload-encryption.md')
  await using ran = await runSnippet(snippets[0] as Snippet)
  const { url } = await ran.server.listen()
  const client = await sealedClient(mcp(url, { key: await ran.key() }), 'pay')
  const { opened, body } = await client.call({ to: 'a shop', card: '4111 1111' })
  assert.deepEqual(opened, { ok: true, receipt: 'paid to a shop' })
  assert.ok(!JSON.stringify(body).includes('paid to'))
})

test('a library that knows nothing of us opens the vector and says the same of it', async () => {
  for (const [side, at] of [
    ['server', 'argument'],
    ['client', 'result'],
  ] as const) {
    assert.equal(vector[side].d, hash('sha256', `sallyport ${side}`, 'base64url'))
    const { pointer, bnd, sealed, opened } = vector[at]
    const { plaintext, protectedHeader } = await compactDecrypt(sealed, await importJWK(vector[side], 'ECDH-ES'))
    assert.deepEqual(JSON.parse(Buffer.from(plaintext).toString()), opened)
    assert.equal(hash('sha256', JSON.stringify([1, 'tools/call', vector.tool, pointer, vector.principal]), 'base64url'), bnd)
    assert.equal(protectedHeader['bnd'], bnd)
    assert.equal(protectedHeader['call'], vector.call)
    const members = text.split('Its protected header has these members')[1]?.split('The key is derived')[0] ?? ''
    for (const member of Object.keys(protectedHeader)) assert.ok(members.includes(`\`${member}\``), member)
  }
  const { payload } = await flattenedVerify(vector.agreement, await importJWK(vector.identity, 'EdDSA'))
  assert.equal((JSON.parse(Buffer.from(payload).toString()) as Json).principal, vector.principal)
})

test('so do we', () => {
  const keys = createContentKeys(10)
  const open = (side: 'server' | 'client', direction: 'request' | 'result', sealed: string): unknown => {
    const own = createPrivateKey({ key: vector[side], format: 'jwk' })
    const parsed = parseField(sealed, direction)
    const key = parsed && keys.of(own, side, parsed.header.epk, direction)
    assert.equal(key?.export().toString('base64url'), vector[`${direction}Key`])
    return parsed && key && openField(parsed, key)?.value
  }
  assert.deepEqual(open('server', 'request', vector.argument.sealed), vector.argument.opened)
  assert.deepEqual(open('client', 'result', vector.result.sealed), vector.result.opened)
  const agreement = verifyAgreement(vector.agreement, vector.identity)
  assert.equal(agreement?.epk, thumbprintOf(publicJwkOf(createPrivateKey({ key: vector.client, format: 'jwk' }))))
})

test('every problem of the code has its row', () => {
  const union = /type SealedProblem =([^]*?)\n\n/.exec(readFileSync(join(ROOT, 'src/core/decision.ts'), 'utf8'))?.[1] ?? ''
  const problems = [...union.matchAll(/'(\w+)'/g)].map(([, problem]) => problem as string)
  const rows = text
    .split('\n')
    .filter((line) => line.startsWith('| `'))
    .join()
  assert.ok(problems.length === 8)
  for (const problem of problems) assert.ok(rows.includes(`\`${problem}\``), problem)
})

test('the client has every option in a row, and no other', () => {
  const source = readFileSync(join(ROOT, 'src/client/sealing/encryption-options.ts'), 'utf8')
  const body = /^export interface EncryptionOptions {\n([\s\S]*?)^}/m.exec(source)?.[1] ?? ''
  const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name)
  const table = /^\| `encryption` \|[\s\S]*?\n\n/m.exec(text)?.[0] ?? ''
  const rows = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name)
  assert.deepEqual(rows.slice(1), options)
})
