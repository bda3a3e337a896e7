import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createRedactor } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'

verifies('known-secrets', 'secret-patterns')

// Put together here, so that no scanner takes this file for a leak.
const looksLike = [
  `ghp_${'a1'.repeat(18)}`,
  `spk_abcd1234_${'Zz9'.repeat(12)}aa`,
  `AKIA${'ABCD1234'.repeat(2)}`,
  `xoxb-${'1234567890'}-abc`,
  `sk-ant-${'abcdef'.repeat(6)}`,
  `${'eyJhbGciOiJIUzI1NiJ9'}.${'eyJzdWIiOiIxIn0'}.${'c2lnbmF0dXJl'}`,
  `-----BEGIN RSA PRIVATE ${'KEY'}-----\nMIIabc\n-----END RSA PRIVATE ${'KEY'}-----`,
]

describe('the redactor', () => {
  it('takes known secrets out in every form that it names', () => {
    const redactor = createRedactor()
    const secret = 'pa"ss/wörd+12 34'
    assert.equal(redactor.learn(secret), true)
    const bytes = Buffer.from(secret)
    for (const form of [
      secret,
      JSON.stringify(secret),
      encodeURIComponent(secret),
      bytes.toString('base64'),
      bytes.toString('base64url'),
      bytes.toString('hex'),
    ]) {
      const text = redactor.text(`before ${form} after`)
      assert.match(text, /before .*\[redacted\].* after/)
      assert.ok(!text.includes(form))
      const json = redactor.json({ deep: [{ [form]: form }] })
      assert.ok(!json.includes(JSON.stringify(form).slice(1, -1)), json)
    }
  })
  it('takes the longer of two secrets out whole, and refuses what is too short to look for', () => {
    const redactor = createRedactor()
    assert.equal(redactor.learn('short'), false)
    redactor.learn('secret-one')
    redactor.learn('secret-one-and-more')
    assert.equal(redactor.text('x secret-one-and-more y secret-one z'), 'x [redacted] y [redacted] z')
  })
  it('masks what looks like a credential, and passwords in URLs', () => {
    const redactor = createRedactor()
    for (const secret of looksLike) assert.equal(redactor.text(`a ${secret} b`).includes(secret), false, secret)
    assert.equal(redactor.text('postgres://admin:hunter2@db/x'), 'postgres://[redacted]@db/x')
  })
  it('finds a secret that JSON writes with escapes', () => {
    const pem = looksLike.at(-1) as string
    const json = createRedactor().json({ text: pem })
    assert.doesNotMatch(json, /MIIabc/)
    assert.deepEqual(JSON.parse(json), { text: '[redacted]' })
  })
  it('leaves ordinary text as it is, byte for byte', () => {
    const redactor = createRedactor()
    for (const text of [
      'sk-',
      'task-force',
      'risk-averse-and-otherwise-long-words-here',
      'eyJ',
      'AKIA',
      'https://example.com/a:b@c',
      'npm_config_cache',
      'Zürich — 日本語',
      'mailto:a@b.example',
    ]) {
      assert.equal(redactor.text(text), text)
    }
  })
  it('takes time in proportion to the text, however it is made', () => {
    const redactor = createRedactor()
    redactor.learn('a-known-secret')
    for (const piece of ['eyJ', 'eyJaaaaaaaa.', '://a:', 'sk-', '-----BEGIN PRIVATE KEY-----', 'ghp_', 'a-known-secre', 'xoxb-a ']) {
      const time = (size: number) => {
        const text = piece.repeat(Math.ceil(size / piece.length))
        const begun = process.cpuUsage()
        redactor.text(text)
        return process.cpuUsage(begun).user / 1000
      }
      time(100_000)
      // Ten times the text, far less than a hundred times the work: quadratic would be over a minute.
      assert.ok(time(2_000_000) < 2_000, piece)
    }
  })
})
