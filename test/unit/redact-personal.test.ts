// Structured personal data: what is found of each kind, and the numbers, versions and words that look like it and are left.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { findPersonal, PERSONAL_KINDS, type PersonalKind, replaceFindings } from '../../src/core/index.ts'
import { verifies } from '../requirements.ts'

verifies('personal-rules')

/** Whole, between the brackets. */
const found: Readonly<Record<PersonalKind, readonly string[]>> = {
  card: [
    'pay with [4111 1111 1111 1111].',
    '[4111-1111-1111-1111]',
    '{"number":"[5555555555554444]"}',
    'Amex [3782 822463 10005]',
    'Diners [3056 930902 5904]',
    '[6011000990139424], [3530111333300000], [2223003122003222]',
    'my card is [4222222222222]',
    'card number [6759649826438453] (Maestro)',
    'the card [4000000000000000006] has 19 digits',
  ],
  iban: [
    'to [DE89 3704 0044 0532 0130 00] please',
    '[GB82WEST12345698765432]',
    'NO [NO9386011117947]',
    'from [FR14 2004 1010 0505 0001 3M02 606] and so on',
    '[de89370400440532013000]',
    'FROM [GB82 WEST 1234 5698 7654 32] OTHER BANK',
  ],
  ssn: ['SSN: [536-90-4399]', 'born 1980, [536-90-4399].', 'social security number [536 90 4399]', 'ssn=[536904399]'],
  email: [
    'write to [ana.lopez+x@mail.example.com].',
    '<[Ana@example.com]>',
    'mailto:[a@b.io]?subject=x',
    '[søren@blåbær.dk]',
    "([o'brien@example.org])",
    'email=[a_b-c%d@example.co.uk]&x=1',
    '[a@b.example],[c@d.example]',
  ],
  ip: [
    'from [192.0.2.7]:443',
    '[10.1.2.3]/24',
    '"[2001:db8::1]"',
    '[fe80::1ff:fe23:4567:890a]',
    '[2001:db8:0:0:1:0:0:1]',
    'at [198.51.100.255].',
  ],
  phone: [
    'call [+1 (415) 555-2671] now',
    '[+442079460958]',
    '[(415) 555-2671]',
    '[415-555-2671]',
    '[1-800-555-0199]',
    'tel. [030 901820]',
    '{"phone":"[9472 7916]"}',
    'PhoneNumber: [0664 1234567]',
    'reach me at [555-0199]',
    'call [415-555-2671 ext. 12] ok',
    '[07700 900123] mobile',
    '[655 437 108] office',
  ],
}
const left: Readonly<Record<PersonalKind, readonly string[]>> = {
  card: [
    '4111 1111 1111 1112',
    'order 4111111111111111222',
    'id_4111111111111111',
    '4111111111111111a',
    '0.4111111111111111',
    'ean 4006381333931',
    '1234567890123456',
    '0000 0000 0000 0000',
    'tweet 4000000000000000006',
    '2026-07-28 4111',
    'a4111-1111-1111-1111',
  ],
  iban: [
    'DE89 3704 0044 0532 0130 01',
    'GB82WEST1234569876543',
    'AB12 1234 1234 1234 1234',
    'XDE89370400440532013000',
    'SHA256 AAAA BBBB CCCC DDDD EEEE',
  ],
  ssn: [
    '000-12-3456',
    '666-12-3456',
    '900-12-3456',
    '536-00-4399',
    '536-90-0000',
    '536904399',
    '1536-90-4399',
    '536-90-43991',
    '536-90-4399-1',
  ],
  email: [
    '@scope/package@1.2.3',
    'icon@2x.png',
    'git@github.com:a/b.git',
    'https://user@example.com/',
    'a @ b.com',
    'user@localhost',
    '@decorator.name',
    'strict-uri-encode@npm:2.0.0',
  ],
  ip: [
    '127.0.0.1',
    '0.0.0.0',
    '255.255.255.0',
    '256.1.1.1',
    'version 1.2.3.4',
    'v1.2.3.4',
    '1.2.3.4.5',
    '::1',
    'std::vector',
    '12:30:45',
    'aa:bb:cc:dd:ee:ff',
    'face::cafe',
    '01.02.03.04',
    'id 1.2.3',
  ],
  phone: [
    'order 4155552671',
    '2026-07-28',
    '+2026-07-28 10:00',
    '1234567890123',
    '192.168.100.200',
    '@@ -12,7 +12,9 @@',
    'price 1 234 567',
    '115-555-2671',
    '415-155-2671',
    'a+12345678',
    '3.14159265',
    'ISBN 978-3-16-148410-0',
    'UTC+05:30',
    'lines 100-2000',
  ],
}

/** The text without the brackets, and what stood between them. */
function marked(text: string): { readonly plain: string; readonly values: readonly string[] } {
  return { plain: text.replace(/[[\]]/g, ''), values: [...text.matchAll(/\[([^\]]*)\]/g)].map(([, value]) => value as string) }
}

describe('structured personal data', () => {
  for (const kind of PERSONAL_KINDS) {
    it(`finds a ${kind} whole, and leaves what looks like one`, () => {
      for (const text of found[kind]) {
        const { plain, values } = marked(text)
        assert.deepEqual(
          findPersonal(plain, [kind]).map(({ start, end }) => plain.slice(start, end)),
          values,
          text,
        )
      }
      for (const text of left[kind]) assert.deepEqual(findPersonal(text, [kind]), [], text)
    })
  }
  it('takes a number for one thing: the surest', () => {
    for (const [text, type] of [
      ['call my card 4111 1111 1111 1111', 'card'],
      ['phone SSN 536-90-4399', 'ssn'],
      ['call DE89 3704 0044 0532 0130 00', 'iban'],
      ['phone at 198.51.100.7', 'ip'],
    ])
      assert.deepEqual(
        findPersonal(text as string, PERSONAL_KINDS).map((finding) => finding.type),
        [type],
        text,
      )
  })
  it('says where it is in UTF-16 units, beyond characters of two', () => {
    const text = '😀 a@b.example 😀'
    const [finding] = findPersonal(text, ['email'])
    assert.equal(text.slice(finding?.start, finding?.end), 'a@b.example')
  })
  it('never throws, and finds in order what is there, whatever the text is', () => {
    const pieces = fc.constantFrom(
      '@',
      '.',
      '4111',
      ' ',
      '-',
      '+',
      '::',
      'DE89',
      '536-90-',
      '4399',
      'phone',
      'card',
      '(',
      ')',
      'ä',
      '\u{1f600}',
      ...PERSONAL_KINDS.flatMap((kind) => [...found[kind]]),
    )
    fc.assert(
      fc.property(fc.array(fc.oneof(pieces, fc.string({ maxLength: 12 })), { maxLength: 20 }), (parts) => {
        const text = parts.join('')
        const findings = findPersonal(text, PERSONAL_KINDS)
        let done = 0
        for (const { start, end } of findings) {
          assert.ok(start >= done && end > start && end <= text.length)
          done = end
        }
        const masked = replaceFindings(text, findings, () => '\u0000')
        assert.equal(masked.split('\u0000').length - 1 >= findings.length, true)
      }),
      { numRuns: 200 },
    )
  })
  it('takes time in proportion to the text, however it is made', () => {
    for (const piece of ['4111 ', '@', 'a@', 'a.', '1', '1-', '+1', 'DE89', 'A1 ', ':', '1:', '1.', '(', 'phone 1']) {
      const begun = process.cpuUsage()
      findPersonal(piece.repeat(Math.ceil(300_000 / piece.length)), PERSONAL_KINDS)
      // Quadratic would be many times that.
      assert.ok(process.cpuUsage(begun).user / 1000 < 1_500, piece)
    }
  })
})
