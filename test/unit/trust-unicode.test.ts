// Hidden characters: what is taken out, what ordinary writing keeps, and that neither depends on luck. The measured rows are
// those of ../shared/data; what they must show is written here, so that a change of the rules is seen.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { cleanText, type HiddenKind, mayHideText } from '../../src/trust/index.ts'
import { cpuMs } from '../support/cpu.ts'
import { needs, rowsOf } from '../support/shared.ts'

const kinds = (text: string): Partial<Record<HiddenKind, number>> =>
  Object.fromEntries(cleanText(text).removed.map(({ kind, count }) => [kind, count]))
const tags = (text: string): string => Array.from(text, (letter) => String.fromCodePoint(0xe0000 + (letter.codePointAt(0) ?? 0))).join('')
const scotland = `\u{1f3f4}${tags('gbsct')}\u{e007f}`
/** Anything that a string can hold, with what is hidden far more often than by chance. */
const anyText = fc
  .array(
    fc.oneof(
      fc.string({ unit: 'binary', maxLength: 4 }),
      fc.constantFrom('a', 'b', 'م', 'क', '्', 'ក', 'ย', '葛', '❤', '👩', '🏽', '🏴', '1', 'ᠠ', 'ᄀ', 'ᅡ', ' '),
      fc.constantFrom('\u200b', '\u200c', '\u200d', '\ufe0f', '\ufe00', '\u{e0101}', '\u00ad', '\u034f', '\u180b', '\u115f', '\u1160'),
      fc.constantFrom(
        '\u202e',
        '\u2066',
        '\ufeff',
        '\x1b',
        '\x1b[31m',
        '\x9b',
        '[8m',
        '\r',
        '\0',
        '\ud83d',
        '\udc69',
        tags('gbsct'),
        '\u{e007f}',
      ),
    ),
    { maxLength: 24 },
  )
  .map((pieces) => pieces.join(''))

describe('hidden characters', () => {
  it('are taken out and counted by kind', () => {
    const cases: [string, string, HiddenKind, number][] = [
      ['a\0b\x07c\x7fd\x85e', 'abcde', 'control', 4],
      ['one\r\ntwo\tthree', 'one\ntwo\tthree', 'control', 1],
      ['\x1b[8mhidden\x1b[28m \x9b31mred', 'hidden red', 'escape-sequence', 3],
      [`ok${tags('ignore this')}`, 'ok', 'tag', 11],
      [`\u{1f3f4}${tags('ustx')}\u{e007f}`, '\u{1f3f4}', 'tag', 5],
      ['abc\u202edef\u202c \u200e\u2066x\u2069', 'abcdef x', 'bidi', 5],
      ['i\u200bg\u200cn\u200do\u2060re', 'ignore', 'zero-width', 4],
      ['a\ufe0fb\u{e0110}\u{e0120}\u{e0130}', 'ab', 'variation-selector', 4],
      ['😀\ufe0f\ufe0f\u{e0110}', '😀\ufe0f', 'variation-selector', 2],
      ['a\ud800b\udc00', 'ab', 'lone-surrogate', 2],
      ['\ufeffid\ufeff', 'id', 'byte-order-mark', 2],
      ['a\u3164b\u{e0fff}c\ufff9d\ufffee\u206af', 'abcdef', 'other-invisible', 5],
    ]
    for (const [text, clean, kind, count] of cases) {
      assert.equal(cleanText(text).text, clean, JSON.stringify(text))
      assert.deepEqual(kinds(text), { [kind]: count }, JSON.stringify(text))
    }
  })
  it('two halves of a pair that stood apart do not come together', () => {
    assert.equal(cleanText('\ud83d\u200b\udc69').text, '')
  })
  it('an escape that begins no sequence goes alone, and a sequence takes no more than its parameters', () => {
    assert.equal(cleanText('\x1b]8;;x\x07link').text, ']8;;xlink')
    assert.equal(cleanText(`\x1b[${'0'.repeat(500)}m`).text, `[${'0'.repeat(500)}m`)
  })
})

describe('ordinary writing is left byte for byte', () => {
  const samples: Record<string, string> = {
    'emoji joined, toned, with selectors and keycaps': '👩‍👩‍👧‍👦 👩🏽‍🚀 🏳️‍🌈 🏴‍☠️ ❤️‍🔥 🧑🏻‍❤️‍💋‍🧑🏿 1️⃣ ☎︎ 🙂‍↔️',
    'the three subdivision flags': `\u{1f3f4}${tags('gbeng')}\u{e007f}${scotland}\u{1f3f4}${tags('gbwls')}\u{e007f}`,
    Persian: 'نمی‌دانم، کتاب‌ها، PDF‌ها، ۲۰‌ساله، ه‍.ش',
    'Hindi, Marathi, Bengali, Kannada, Malayalam, Sinhala': 'क्‍ष र्‍य র‍্য ಬ್ಯಾಂಕ್‌ ന്‍ ශ්‍රී',
    'Khmer, Thai and Burmese with word breaks': 'ភាសា\u200bខ្មែរ ภาษา\u200bไทย မြန်မာ\u200bစာ',
    'Japanese and Chinese variants': '葛\u{e0100}飾区 辻\u{e0101} 、\ufe00',
    Mongolian: 'ᠠ\u180bᠢ ᠪᠠᠶᠢᠨ\u180eᠠ',
    'old Hangul': '\u1100\u1160 \u115f\u1161',
    'hyphenation points': 'Donau\u00addampf\u00adschiff',
    'Hebrew with an ordered mark': 'יְרוּשָׁלַ\u034fִם',
    'letters, signs and private use': 'naïve ﬁ ½ Ω ﷽ Ａ \ue000 \u2028 \u00a0 \u3000 ⠀',
  }
  for (const [what, text] of Object.entries(samples))
    it(what, () => {
      assert.deepEqual(cleanText(text), { text, removed: [] })
    })
  it('of a run of joiners or word breaks at most one stays', () => {
    assert.equal(cleanText('م\u200c\u200c\u200d\u200cم').text.length, 3)
    assert.equal(cleanText('ก\u200b\u200b\u200bก').text, 'ก\u200bก')
    assert.equal(cleanText(`e${'\u200b\u200c'.repeat(50)}م`).text.length, 3)
  })
})

describe('cleaning', () => {
  it('leaves none of what always goes, and cleaning again changes nothing', () => {
    const always = /[\0-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u202a-\u202e\u2060-\u206f\ufeff\p{Surrogate}\p{Noncharacter_Code_Point}]/u
    fc.assert(
      fc.property(anyText, (text) => {
        const { text: clean, removed } = cleanText(text)
        assert.doesNotMatch(clean, always)
        assert.deepEqual(cleanText(clean), { text: clean, removed: [] })
        assert.equal(removed.length === 0, clean === text)
        assert.ok(clean.isWellFormed())
        if (!mayHideText(text)) assert.equal(clean, text)
      }),
      { numRuns: 2000 },
    )
  })
  it('takes out nothing visible but the parameters of escape sequences', () => {
    const visible = (text: string): string =>
      text.replace(/[\0-\x08\x0b-\x1f\x7f-\x9f\p{Surrogate}\p{Default_Ignorable_Code_Point}\p{Noncharacter_Code_Point}\ufff9-\ufffb]/gu, '')
    fc.assert(
      fc.property(
        anyText.map((text) => text.replaceAll(/[\x1b\x9b]/g, '')),
        (text) => assert.equal(visible(cleanText(text).text), visible(text)),
      ),
      { numRuns: 2000 },
    )
  })
  it('takes twice the time for twice the text, whatever the text', () => {
    const worst = ['a\u200b', '\x1b[', '\x1b[0000 ', `\u{1f3f4}${tags('gb')}`, 'م\u200c', 'ab\u00ad', '👩\u200d', '\ud800', '\u115f\u1160']
    for (const piece of worst) {
      // Quadratic work on 200,000 pieces would take minutes.
      const text = piece.repeat(200_000)
      const spent = cpuMs(() => void cleanText(text))
      assert.ok(spent < 2_000, `${JSON.stringify(piece)}: ${spent} ms`)
    }
  })
})

interface Row {
  readonly text: string
  readonly category: string
}

describe('measured', () => {
  const benign = 'data/benign-text.jsonl'
  it('benign text stays as it was, but for byte order marks and the escape sequences of terminal output', needs(benign), () => {
    const changed = new Map<string, Set<HiddenKind>>()
    const rows = rowsOf<Row>(benign)
    for (const { text, category } of rows) {
      const { text: clean, removed } = cleanText(text)
      for (const { kind } of removed) changed.set(category, (changed.get(category) ?? new Set()).add(kind))
      if (removed.every(({ kind }) => kind === 'byte-order-mark')) assert.equal(clean, text.replaceAll('\ufeff', ''))
      if (category === 'format-twin/ansi') assert.equal(clean, text.replaceAll(/\x1b\[\d+m/g, ''))
    }
    assert.ok(rows.length > 1_000)
    assert.deepEqual(Object.fromEntries([...changed].map(([category, found]) => [category, [...found].join()])), {
      'bipia-table': 'byte-order-mark',
      'format-twin/ansi': 'escape-sequence',
      'format-twin/bom': 'byte-order-mark',
      'tricky-unicode-or-wording': 'byte-order-mark',
    })
  })
  it('every attack that hides in characters is stripped of them and flagged', needs('data/attacks-injection.jsonl'), () => {
    const expected: Record<string, HiddenKind> = {
      'obfuscation/ansi-conceal': 'escape-sequence',
      'obfuscation/bidi-override': 'bidi',
      'obfuscation/unicode-tags': 'tag',
      'obfuscation/variation-selectors': 'variation-selector',
      'obfuscation/zero-width-binary': 'zero-width',
      'obfuscation/zero-width-interleave': 'zero-width',
    }
    let seen = 0
    for (const { text, category } of rowsOf<Row>('data/attacks-injection.jsonl')) {
      const { text: clean, removed } = cleanText(text)
      // None of these rows is written in a script that needs joiners: nothing invisible may be left.
      if (removed.length > 0) assert.doesNotMatch(clean, /[[\p{Default_Ignorable_Code_Point}\p{Cc}]--[\n\t]]/v)
      const kind = expected[category]
      if (!kind) continue
      seen++
      assert.ok(
        removed.some((one) => one.kind === kind),
        category,
      )
    }
    assert.equal(seen, 90)
  })
  it(
    'every tool definition that hides in characters is flagged',
    needs('data/attacks-toolpoisoning.jsonl', 'data/benign-tools.jsonl'),
    () => {
      const strings = (value: unknown): string[] =>
        typeof value === 'string'
          ? [value]
          : typeof value === 'object' && value !== null
            ? Object.entries(value).flatMap(([key, inner]) => [key, ...strings(inner)])
            : []
      const flagged = (row: unknown): boolean => strings(row).some((text) => cleanText(text).removed.length > 0)
      const hiding = rowsOf<Row>('data/attacks-toolpoisoning.jsonl').filter((row) =>
        ['unicode-in-description', 'full-schema/unicode-tags'].includes(row.category),
      )
      assert.equal(hiding.length, 12)
      assert.ok(hiding.every(flagged))
      assert.deepEqual(rowsOf('data/benign-tools.jsonl').filter(flagged), [])
    },
  )
})
