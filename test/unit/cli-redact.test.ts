// `sallyport redact` as a filter, and `sallyport reveal`.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { createPersonalTokens } from '../../src/guards/index.ts'
import { openData } from '../../src/vault/index.ts'
import { run } from '../support/child.ts'
import { SALLYPORT } from '../support/guard.ts'
import { createTempDir } from '../support/paths.ts'

const redact = (input: string, ...args: string[]) => run(process.execPath, [SALLYPORT, 'redact', ...args], { input })
const lines = (text: string): Record<string, unknown>[] =>
  text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line))
const row = (id: unknown, text: string): string => `${JSON.stringify({ id, text })}\n`
const SECRET = `ghp_${'a1B2c3D4e5F6'.repeat(3)}`

test('redact masks secrets and personal data, and says where they were in the text that came in', async () => {
  const text = `😀 ${SECRET} of a@b.example, 192.0.2.7`
  const { code, stdout, stderr } = await redact(row('x', text) + row(2, 'nothing') + row(null, ''))
  assert.deepEqual([code, stderr], [0, ''])
  const [first, second, third] = lines(stdout)
  assert.equal(first?.['text'], '😀 [redacted] of [redacted:email], [redacted:ip]')
  const findings = first?.['findings'] as { type: string; start: number; end: number }[]
  assert.deepEqual(
    findings.map(({ type, start, end }) => [type, text.slice(start, end)]),
    [
      ['github-token', SECRET],
      ['email', 'a@b.example'],
      ['ip', '192.0.2.7'],
    ],
  )
  assert.deepEqual(
    [second, third],
    [
      { id: 2, text: 'nothing', findings: [] },
      { id: null, text: '', findings: [] },
    ],
  )
})

test('redact leaves the kinds that are allowed, and never a secret', async () => {
  const text = `${SECRET} a@b.example 192.0.2.7`
  const [allowed] = lines((await redact(row(1, text), '--allow', 'email')).stdout)
  assert.equal(allowed?.['text'], '[redacted] a@b.example [redacted:ip]')
  const [secrets] = lines((await redact(row(1, text), '--secrets-only')).stdout)
  assert.equal(secrets?.['text'], '[redacted] a@b.example 192.0.2.7')
})

test('redact names each line that it cannot read, says nothing of what is in it, and goes on', async () => {
  const long = `{"id":1,"text":"${'x'.repeat(17 * 1024 * 1024)}"}\n`
  const deep = `{"id":${'['.repeat(100_000)}${']'.repeat(100_000)},"text":""}\n`
  const { code, stdout, stderr } = await redact(`${row(1, 'a')}\n{"secret-word\n[1]\n{"id":5}\n${long}${deep}${row(8, 'b').trimEnd()}`)
  assert.equal(code, 2)
  assert.deepEqual(
    lines(stdout).map(({ id }) => id),
    [1, 8],
  )
  for (const words of ['line 3 is not JSON', 'line 4 is not an object', 'line 5 has no text', 'line 6 is longer than', 'line 7 has an id'])
    assert.ok(stderr.includes(words), words)
  assert.match(stderr, /5 of 8 lines could not be read/)
  assert.ok(!stderr.includes('secret-word'))
})

test('reveal shows what a sign stands for, is on record, and says so of one that stands for nothing', async () => {
  await using folder = await createTempDir('reveal')
  const data = await openData({ dataDir: folder.path })
  const tokens = createPersonalTokens({ ...data, clock: Date.now })
  const sign = tokens.signOf('email', 'a@b.example', 'ana')
  await tokens.keep(new Map([[sign, 'a@b.example']]), 'ana')
  await data.store.close()
  const reveal = (...args: string[]) => run(process.execPath, [SALLYPORT, 'reveal', ...args, '--data-dir', folder.path])
  const shown = await reveal(sign)
  assert.deepEqual([shown.code, shown.stdout], [0, 'a@b.example\n'])
  assert.deepEqual(JSON.parse((await reveal(sign, '--json')).stdout), { sign, kind: 'email', value: 'a@b.example', subject: 'ana' })
  const other = await reveal(`tok_email_${'a'.repeat(26)}`)
  assert.equal(other.code, 1)
  assert.match(other.stderr, /E-NOT-FOUND/)
  const again = await openData({ dataDir: folder.path })
  const records = (await again.store.audit.search({ action: 'personal.reveal' })).map(({ record }) => record)
  await again.store.close()
  assert.equal(records.length, 2)
  assert.deepEqual([records[0]?.target, records[0]?.facts], [sign, { kinds: ['email'], count: 1 }])
  assert.ok(!JSON.stringify(records).includes('a@b.example'))
})
