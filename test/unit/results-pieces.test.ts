// Slices, pieces and heads of texts: whatever is in them, nothing is lost, doubled or missed where they are cut.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { createRedactor } from '../../src/core/index.ts'
import { headOf } from '../../src/guards/release/head.ts'
import { changeSlowly, withoutSecrets } from '../../src/guards/release/slices.ts'
import { createFinder } from '../../src/guards/results/finder.ts'
import { bytesOfBase64, bytesOfText, inParts } from '../../src/guards/results/pieces.ts'
import { readPiece, type Source, search } from '../../src/guards/results/read-range.ts'
import { verifies } from '../requirements.ts'
import { cpuMs } from '../support/cpu.ts'

verifies('results-ranges', 'results-large')

const sourceOf = (bytes: Buffer, isText: boolean): Source => ({
  bytes: bytes.length,
  isText,
  read: async (offset, length) => bytes.subarray(offset, offset + length),
})
const unicode = fc.string({ unit: 'grapheme', minLength: 1, maxLength: 400 })

test('pieces of a text, put together, are the text, whatever their length and the room for them', async () => {
  await fc.assert(
    fc.asyncProperty(unicode, fc.integer({ min: 1, max: 50 }), fc.integer({ min: 40, max: 200 }), async (text, length, most) => {
      const bytes = Buffer.from(text.toWellFormed())
      let whole = ''
      for (let offset: number | undefined = 0; offset !== undefined; ) {
        const piece = await readPiece(sourceOf(bytes, true), { offset, length, search: undefined, after: 0 }, most)
        assert.ok(piece && 'text' in piece.data && piece.offset === offset && piece.length > 0)
        assert.equal(Buffer.byteLength(piece.data.text), piece.length)
        whole += piece.data.text
        offset = piece.next
      }
      assert.equal(whole, text.toWellFormed())
    }),
  )
})

test('parts of a text or a file, put together, are the text or the file', () => {
  fc.assert(
    fc.property(unicode, fc.uint8Array({ maxLength: 500 }), fc.integer({ min: 1, max: 64 }), (text, file, size) => {
      const parts = [...inParts(bytesOfText(text.toWellFormed()), size)].map((part) => Buffer.from(part))
      assert.equal(Buffer.concat(parts).toString(), text.toWellFormed())
      assert.ok(parts.slice(0, -1).every((part) => part.length === size))
      const base64 = Buffer.from(file).toString('base64')
      assert.ok(Buffer.concat([...inParts(bytesOfBase64(base64), size)].map((part) => Buffer.from(part))).equals(Buffer.from(file)))
    }),
  )
})

test('a head is how a text begins, and says where the rest does', () => {
  fc.assert(
    fc.property(unicode, fc.integer({ min: 0, max: 300 }), (text, most) => {
      const head = headOf(text.toWellFormed(), most)
      assert.ok(text.toWellFormed().startsWith(head.text) && head.bytes <= most)
      assert.equal(Buffer.byteLength(head.text), head.bytes)
    }),
  )
})

test('bytes are found where `indexOf` finds them, however they come', () => {
  const few = fc.array(fc.constantFrom(97, 98), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(
      few,
      fc.array(fc.constantFrom(97, 98), { minLength: 1, maxLength: 6 }),
      fc.integer({ min: 1, max: 9 }),
      (all, part, step) => {
        const [bytes, wanted] = [Buffer.from(all), Buffer.from(part)]
        const right: number[] = []
        for (let at = bytes.indexOf(wanted); at !== -1; at = bytes.indexOf(wanted, at + wanted.length)) right.push(at)
        const finder = createFinder(wanted)
        const found: number[] = []
        for (let at = 0; at < bytes.length; at += step) {
          const piece = bytes.subarray(at, at + step)
          for (let end = finder.endIn(piece, 0); end !== undefined; end = finder.endIn(piece, end)) found.push(at + end - wanted.length)
        }
        assert.deepEqual(found, right)
      },
    ),
  )
})

test('words that nearly fit everywhere take no longer to look for than others', () => {
  const bytes = Buffer.from('ab'.repeat(1024 * 1024))
  const look = (words: string) => cpuMs(() => assert.equal(createFinder(Buffer.from(words)).endIn(bytes, 0), undefined))
  look('zz')
  // Some hundred times as long with `indexOf`.
  assert.ok(look(`aa${'ab'.repeat(127)}`) < 20 * look('zz') + 20)
})

test('what is searched is found wherever it stands, once', async () => {
  const bytes = Buffer.alloc(1_200_000, 'a')
  const places = [0, 524_280, 524_288, 1_048_570, 1_199_990]
  for (const at of places) bytes.write('needle', at)
  const found = await search(sourceOf(bytes, true), 'needle', 0, { aborted: false })
  assert.deepEqual(
    found?.matches.map(({ offset }) => offset),
    places,
  )
})

test('a text that is redacted in slices is redacted as in one go, wherever the secrets stand', async () => {
  const redactor = createRedactor()
  redactor.learn('a secret that was learned, with spaces')
  const changing = withoutSecrets(redactor)
  const secrets = [
    'a secret that was learned, with spaces',
    'ghp_0123456789abcdefghijklmnopqrstuvwxyzA',
    `-----BEGIN PRIVATE KEY-----\n${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC\n'.repeat(40)}-----END PRIVATE KEY-----`,
    'https://user:pass-word-1@example.com/',
  ]
  const filler = 'some words of a text that says nothing, number 12345, (and so on)\n'.repeat(9_000)
  for (let edge = 262_144; edge < 550_000; edge += 262_144) {
    for (const secret of secrets) {
      for (const back of [1, secret.length >> 1, secret.length - 1]) {
        const at = edge - back
        const text = `${filler.slice(0, at)} ${secret} ${filler.slice(at)}`
        assert.equal(await changeSlowly(text, changing), redactor.text(text), `${secret.slice(0, 12)} at ${at}`)
      }
    }
  }
  // One word without end has no place for a cut that is sure: the slice grows.
  const word = `${'x'.repeat(300_000)}sk-${'y'.repeat(300_000)}`
  assert.equal(await changeSlowly(word, changing), redactor.text(word))
})

test('a large value is changed member by member as in one go: by name, in base64, in names, in lists and objects without end', async () => {
  const redactor = createRedactor()
  redactor.learn('a-secret-that-was-learned')
  const filler = 'some words of a text that says nothing. '.repeat(200)
  const item = (at: number): object => ({
    at,
    filler,
    password: 'Xq7-piu93-kvLw',
    [`k${at}`]: at % 7 === 0 ? 'a-secret-that-was-learned' : null,
  })
  const hidden = Buffer.from(`${filler.repeat(40)} ghp_0123456789abcdefghijklmnopqrstuvwxyzA`).toString('base64')
  const value = {
    list: Array.from({ length: 120 }, (_, at) => item(at)),
    object: Object.fromEntries(Array.from({ length: 120 }, (_, at) => [`m${at}`, item(at)])),
    resource: { uri: 'x://y', blob: hidden },
    'a-secret-that-was-learned': 1,
    short: 'a-secret-that-was-learned',
    nothing: null,
    number: 4,
  }
  const slowly = await changeSlowly(value, withoutSecrets(redactor))
  assert.equal(JSON.stringify(slowly), redactor.json(value))
  assert.doesNotMatch(JSON.stringify(slowly), /learned|ghp_/)
})
