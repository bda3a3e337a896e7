/** Variables read back out of URIs: what is unclear, or could lead somewhere else, is none of the template's. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import fc from 'fast-check'
import { equivalenceKey, parseUriTemplate, type UriTemplate, uriProblem } from '../../src/protocol/index.ts'
import { cpuMs } from '../support/cpu.ts'

function template(text: string): UriTemplate {
  const parsed = parseUriTemplate(text)
  return 'problem' in parsed ? assert.fail(`${text} ${parsed.problem}`) : parsed
}
const read = (text: string, uri: string): unknown => {
  const values = template(text).read(uri)
  return values && { ...values }
}

test('a simple variable is one segment, a reserved one is any number of them', () => {
  assert.deepEqual(read('notes://{id}', 'notes://7'), { id: '7' })
  assert.deepEqual(read('notes://{user}/{id}/text', 'notes://ana/7/text'), { user: 'ana', id: '7' })
  assert.deepEqual(read('file:///{+path}', 'file:///a/b%20c.md'), { path: 'a/b c.md' })
  assert.deepEqual(read('x://{a}/{+rest}/end', 'x://1/2/end/3/end'), { a: '1', rest: '2/end/3' })
  assert.deepEqual(read('fetch:{+url}', 'fetch:https://example.com/?q=1'), { url: 'https://example.com/?q=1' })
  for (const uri of ['notes://', 'notes://a/b', 'notes://a?b', 'notes:/a', 'note://a', 'Notes://a', 'notes://a/'])
    assert.equal(read('notes://{id}', uri), undefined, uri)
  assert.equal(read('x://{a}/end', 'x:///end'), undefined)
})

test('what stands behind the ? may be absent, in any order, and at most once', () => {
  const find = 'db://{table}{?limit,order}'
  assert.deepEqual(read(find, 'db://t'), { table: 't' })
  assert.deepEqual(read(find, 'db://t?order=up&limit=5'), { table: 't', order: 'up', limit: '5' })
  assert.deepEqual(read(find, 'db://t?order='), { table: 't', order: '' })
  for (const uri of [
    'db://t?',
    'db://t?limit',
    'db://t?limit=1&limit=2',
    'db://t?other=1',
    'db://t?limit=1&',
    'db://t?limit=a%2Fb',
    'db://?limit=1',
  ])
    assert.equal(read(find, uri), undefined, uri)
})

test('a value is percent-decoded once', () => {
  assert.deepEqual(read('x://{a}', 'x://%7e%C3%BC%20%25'), { a: '~ü %' })
  assert.deepEqual(read('x://{a}', 'x://%252F'), { a: '%2F' })
  assert.deepEqual(read('x://{a}', 'x://a+b'), { a: 'a+b' })
})

test('what could lead somewhere else does not match, in whichever encoding', () => {
  const simple = [
    '..',
    '.',
    '%2e%2e',
    '%2E.',
    '.%2e',
    'a..b',
    'a%2Fb',
    'a%2fb',
    'a\\b',
    'a%5Cb',
    '..%2f',
    '%00',
    'a%00',
    '%0a',
    '%7F',
    '%C2%85',
    '%E2%80%A8',
  ]
  const broken = [
    '%',
    '%4',
    '%zz',
    '%C0%AE%C0%AE',
    '%C0%AF',
    '%ED%A0%80',
    '%FF',
    '%F8%88%80%80%AE',
    '\ud800',
    'ü',
    'a b',
    'a#b',
    'a"b',
    'a\u0000b',
    '{a}',
    '<',
  ]
  for (const value of [...simple, ...broken]) assert.equal(read('x://{a}', `x://${value}`), undefined, value)
  const reserved = [
    '../a',
    'a/../b',
    'a/..',
    '.',
    './a',
    'a/./b',
    '%2e%2e/a',
    'a/%2E%2e',
    '/etc/passwd',
    'a%2f..%2fb',
    'a%5c..',
    'a\\..\\b',
    'a/%00',
    ...broken,
  ]
  for (const value of reserved) assert.equal(read('x:///{+a}', `x:///${value}`), undefined, value)
})

test('a URI that can be read in two ways is read in none', () => {
  assert.deepEqual(read('x://{a}-{b}', 'x://1-2'), { a: '1', b: '2' })
  assert.equal(read('x://{a}-{b}', 'x://1-2-3'), undefined)
  assert.equal(read('x://{a}-{b}', 'x://1--2'), undefined)
  assert.equal(read('x://{a}aa{b}', 'x://1aaa2'), undefined)
  assert.deepEqual(read('x://{a}-{b}/c', 'x://1-2/c'), { a: '1', b: '2' })
})

test('a template that no URI could be told from is refused, with what is wrong', () => {
  const wrong: Record<string, RegExp> = {
    'x://a': /no variable/,
    '{a}': /scheme/,
    '/{a}': /scheme/,
    '{+a}://b': /scheme/,
    'x://{a}{b}': /side by side/,
    'x://{a}/{a}': /twice/,
    'x://{+a}/{+b}': /more than one/,
    'x://{a,b}': /expression/,
    'x://{a*}': /expression/,
    'x://{a:3}': /expression/,
    'x://{/a}': /expression/,
    'x://{#a}': /expression/,
    'x://{}': /expression/,
    'x://{?a}/b': /expression/,
    'x://a?b{?c}': /"\?"/,
    'x://{a': /braces/,
    'x://a}{b}': /braces/,
    'x://{{a}}': /braces/,
    'x://../{a}': /dots/,
    'x://{a}/%2e%2E/b': /dots/,
    'x://ü/{a}': /percent-encode/,
    'x://{a}#b': /fragment/,
    [`x://${'a'.repeat(1024)}{b}`]: /longer/,
    [`x://${Array.from({ length: 11 }, (_, i) => `{a${i}}`).join('/')}`]: /more than 10/,
  }
  for (const [text, problem] of Object.entries(wrong)) {
    const parsed = parseUriTemplate(text)
    assert.match('problem' in parsed ? parsed.problem : '', problem, text)
  }
})

test('a URI that we offer is one', () => {
  for (const uri of ['file:///a', 'config:app', 'a+b-c.d://x', 'x://caf%C3%A9', 'x://%23general', 'urn:a:b', 'x://[::1]/a?b=c'])
    assert.equal(uriProblem(uri), undefined, uri)
  for (const uri of [
    '',
    'a',
    '/a',
    '//a',
    '1x:a',
    'x://a#b',
    'x://a b',
    'x://ü',
    'x://../a',
    'x://a/.',
    'x://%zz',
    'x://a\\b',
    `x:${'a'.repeat(5000)}`,
  ])
    assert.notEqual(uriProblem(uri), undefined, uri)
})

test('URIs that differ in percent-encoding alone are the same to the equivalence key', () => {
  assert.equal(equivalenceKey('x://s%65cret'), equivalenceKey('x://secret'))
  assert.equal(equivalenceKey('x://caf%c3%A9'), equivalenceKey('x://caf%C3%a9'))
  assert.notEqual(equivalenceKey('x://a'), equivalenceKey('x://A'))
})

const literal = fc.constantFrom('-', '/', '.', 'a', 'aa', '/b/', '~', ':')
const value = fc.string({
  unit: fc.constantFrom('a', 'b', '-', '.', '/', '~', ':', '%', 'ü', ' ', '?', '\\', '\u0000'),
  minLength: 1,
  maxLength: 6,
})

test('whatever is read back is what was put in, and nothing of it leads elsewhere', () => {
  const parts = fc.array(fc.tuple(literal, fc.boolean(), value), { minLength: 1, maxLength: 4 })
  let matched = 0
  fc.assert(
    fc.property(parts, literal, (variables, end) => {
      const text = `x:${variables.map(([before, reserved], i) => `${before}{${reserved ? '+' : ''}v${i}}`).join('')}${end}`
      const parsed = parseUriTemplate(text)
      if ('problem' in parsed) return
      const expanded = variables.map(
        ([before, reserved, v]) => before + (reserved ? encodeURIComponent(v).replaceAll('%2F', '/') : encodeURIComponent(v)),
      )
      const values = parsed.read(`x:${expanded.join('')}${end}`)
      if (!values) return
      matched++
      for (const [i, [, reserved, v]] of variables.entries()) {
        assert.equal(values[`v${i}`], v, text)
        assert.ok(!/[\u0000-\u001f\\]/.test(v) && !v.split('/').some((segment) => segment === '..' || segment === '.'))
        if (!reserved) assert.ok(!v.includes('/') && !v.includes('..'))
      }
    }),
    { numRuns: 20_000 },
  )
  assert.ok(matched > 500, `${matched} matched`)
})

test('no URI at all makes it throw, or hand out what is unclear', () => {
  const texts = ['x://{a}', 'x:///{+a}', 'x://{a}-{b}/{+c}{?d,e}', 'x:{a}.{b}'].map(template)
  const piece = fc.oneof(
    fc.constantFrom('x:', '//', '/', '..', '%2e', '%252e', '%c0%ae', '%00', '\\', '?', '&', '=', 'd=', '-', '.', 'a', '%'),
    fc.string({ maxLength: 3 }),
  )
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 20 }), (pieces) => {
      for (const each of texts)
        for (const v of Object.values(each.read(`x:${pieces.join('')}`) ?? {}))
          assert.ok(!/[\u0000-\u001f\u007f-\u009f\\]/.test(v) && !v.split('/').includes('..') && v.isWellFormed())
    }),
    { numRuns: 20_000 },
  )
})

test('the longest URI costs next to nothing, however many ways there are', () => {
  const names = Array.from({ length: 10 }, (_, i) => `{a${i}}`)
  const hard = template(`x:${names.join('a')}`)
  const uri = `x:${'a'.repeat(4094)}`
  const cost = cpuMs(() => {
    for (let i = 0; i < 100; i++) assert.equal(hard.read(uri), undefined)
  })
  assert.ok(cost < 2_000, `${cost} ms`)
})
