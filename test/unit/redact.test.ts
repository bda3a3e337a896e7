import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createLineRedactor, createRedactor } from '../../src/core/index.ts'
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
  it('leaves words of the protocol in what leaves, however somebody who would break it for everybody writes them', () => {
    const answer = {
      resultType: 'complete',
      structuredContent: { a: 1 },
      content: [{ type: 'resource_link', uri: 'https://a.example', mimeType: 'application/json' }],
      _meta: { 'io.modelcontextprotocol/serverInfo': {} },
    }
    const redactor = createRedactor()
    for (const word of [
      'complete',
      'structuredContent',
      'structured',
      'resource',
      'https://',
      'io.modelcontextprotocol/',
      'application/json',
    ])
      for (const form of [word, `%${word.charCodeAt(0).toString(16)}${word.slice(1)}`]) redactor.learn(form)
    assert.equal(redactor.json(answer), JSON.stringify(answer))
    redactor.learn('another-secret-of-theirs')
    assert.equal(redactor.text('structuredContent another-secret-of-theirs'), 'structuredContent [redacted]')
  })

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
  it('takes known secrets out however an encoder likes to write them', () => {
    const upper = (text: string) => text.replace(/%..|\\u..../g, (escape) => escape.toUpperCase().replace('U', 'u'))
    const lower = (text: string) => text.replace(/%..|\\u..../g, (escape) => escape.toLowerCase())
    const coded = (text: string, from: RegExp) =>
      text.replace(from, (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`)
    const encoders: Record<string, (text: string) => string> = {
      form: (text) => new URLSearchParams({ text }).toString().slice(5),
      'RFC 3986': (text) => encodeURIComponent(text).replace(/[!'()*]/g, (character) => `%${character.charCodeAt(0).toString(16)}`),
      'slashes kept': (text) => encodeURIComponent(text).replaceAll('%2F', '/'),
      everything: (text) => Buffer.from(text).toString('hex').replace(/../g, '%$&'),
      php: (text) => JSON.stringify(text).replaceAll('/', '\\/'),
      go: (text) => coded(JSON.stringify(text), /[<>&\u2028]/g),
      python: (text) => coded(JSON.stringify(text), /[^ -~]/g),
      hex: (text) => Buffer.from(text).toString('hex'),
      HEX: (text) => Buffer.from(text).toString('hex').toUpperCase(),
      'JSON in JSON in JSON': (text) => JSON.stringify(JSON.stringify(JSON.stringify(text))),
      'form in JSON': (text) => JSON.stringify({ q: new URLSearchParams({ text }).toString() }),
      'JSON in a URL': (text) => encodeURIComponent(JSON.stringify({ text })),
      'base64 in a URL': (text) => encodeURIComponent(Buffer.from(text).toString('base64')),
      'base64 by PHP': (text) => JSON.stringify(Buffer.from(text).toString('base64')).replaceAll('/', '\\/'),
    }
    for (const secret of [
      'hunter2-correct/horse+battery',
      "p@ss word(1)!~*x'",
      'a b&c<d>e=f12',
      'käse-und-brot-😀1',
      'C:\\new\\41"%41%2541+x',
      '???>>>~~~ÿÿÿ~~~',
    ]) {
      const redactor = createRedactor()
      redactor.learn(secret)
      for (const [name, encode] of Object.entries(encoders))
        for (const spell of [(text: string) => text, upper, lower]) {
          const form = spell(encode(secret))
          const quote = /^"?/.exec(form)?.[0] as string
          const shown = redactor.text(`before ${form} after`)
          assert.match(shown, /^before .*\[redacted\].{0,8} after$/, `${secret} as ${name}: ${form} → ${shown}`)
          assert.ok(!shown.includes(form.slice(quote.length, -1)), name)
          assert.equal(redactor.suspects(form), true)
          const json = redactor.json([{ [form]: form }])
          assert.equal(json.match(/\[redacted\]/g)?.length, 2, json)
        }
    }
  })
  it('finds a known secret in a code that is broken into lines, wherever it is broken, and leaves other lines alone', () => {
    const secret = 'Zk7!own secret/of+the=upstream-91'
    const redactor = createRedactor()
    redactor.learn(secret)
    for (const encoding of ['base64', 'base64url', 'hex'] as const)
      for (const [width, between] of [
        [64, '\n'],
        [76, '\r\n'],
        [76, '\n    '],
      ] as const)
        for (let before = 0; before < 76; before++) {
          const code = Buffer.from(`${'x'.repeat(before)}${secret}${'y'.repeat(90)}`).toString(encoding)
          const lines = code.match(new RegExp(`.{1,${width}}`, 'g')) ?? []
          const text = `data: |\n${lines.join(between)}\nend of it\n`
          const name = `${encoding} ${width} ${before}`
          for (const clean of [redactor.text(text), JSON.parse(redactor.json({ text })).text]) {
            const left = Buffer.from(clean.replaceAll('[redacted]', '').slice(7, -11).replaceAll(/\s/g, ''), encoding).toString('latin1')
            assert.ok(clean.includes('[redacted]') && !left.includes(secret.slice(4, -4)), name)
            assert.ok(clean.startsWith('data: |\n') && clean.endsWith('\nend of it\n'), name)
          }
        }
    const list = `${'a'.repeat(20)}\n${'b'.repeat(20)}\r\n  ${'c'.repeat(20)}\n`
    assert.equal(redactor.text(list), list)
  })
  it('finds what base64 holds of a known secret, wherever in the encoded text it stands', () => {
    const redactor = createRedactor()
    const secret = '?>secret>?~ÿ~twelve'
    redactor.learn(secret)
    for (const before of ['', 'u', 'us', 'user:', 'x'.repeat(100)])
      for (const behind of ['', '\n', '"}'])
        for (const alphabet of ['base64', 'base64url'] as const) {
          const shown = redactor.text(Buffer.from(before + secret + behind).toString(alphabet))
          assert.match(shown, /\[redacted\]/)
          // Two characters on either side may hold some bits of it.
          const left = Buffer.from(shown.replace('[redacted]', '!').split('!')[0] as string, alphabet).toString()
          assert.ok(left.length <= before.length + 1, shown)
        }
    const short = createRedactor()
    short.learn('elevenchars')
    const unrelated = Buffer.from('xelevenchars').toString('base64')
    assert.equal(short.text(unrelated), unrelated)
  })
  it('leaves the text around a known secret as it was, escapes and all', () => {
    const redactor = createRedactor()
    redactor.learn('pässword/"1"')
    assert.equal(redactor.text('ü %20 \\u0041 + p%C3%A4ssword%2f%221%22 + \\u0041 😀'), 'ü %20 \\u0041 + [redacted] + \\u0041 😀')
    assert.equal(redactor.text('%41 \\n %zz \\'), '%41 \\n %zz \\')
    assert.deepEqual(JSON.parse(redactor.json({ a: 'x"y', b: 'pässword/"1"' })), { a: 'x"y', b: '[redacted]' })
  })
  it('takes out of a long secret as much of it as there is', () => {
    const redactor = createRedactor()
    const secret = Array.from({ length: 100 }, (_, i) => `line ${i} of a key`).join('\n')
    redactor.learn(secret)
    assert.equal(redactor.text(`${secret.slice(0, 900)}…`), '[redacted]…')
    assert.equal(redactor.text(`a${secret}b`), 'a[redacted]b')
  })
  it('finds what a plain search finds, in texts made of the pieces of secrets', () => {
    const pieces = ['a', 'ab', 'aba', 'abab', 'b', 'aaaaaaaa', 'abababab', '%', '+']
    let seed = 1
    const random = (below: number) => (seed = (seed * 48_271) % 2_147_483_647) % below
    const made = (count: number) => Array.from({ length: count }, () => pieces[random(pieces.length)]).join('')
    for (let round = 0; round < 2_000; round++) {
      const redactor = createRedactor()
      const secrets = [made(4), made(5), made(6)].filter((secret) => redactor.learn(secret))
      const text = made(30)
      const found = secrets.filter((secret) => text.includes(secret))
      if (found.length > 0) assert.equal(redactor.suspects(text), true)
      const shown = redactor.text(text)
      for (const secret of found) assert.ok(!shown.includes(secret), `${secret} in ${text}: ${shown}`)
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
    for (let i = 0; i < 20; i++) redactor.learn(`${'a'.repeat(10 + 10 * i)}b c`)
    redactor.learn(`${'a'.repeat(20_000)}c`)
    for (const piece of [
      'a',
      `${'a'.repeat(19_999)}d`,
      '\\',
      '%25',
      '\\u0061',
      '+',
      'eyJ',
      'eyJaaaaaaaa.',
      '://a:',
      'sk-',
      '-----BEGIN PRIVATE KEY-----',
      'ghp_',
      'a-known-secre',
      'xoxb-a ',
    ]) {
      const time = (size: number) => {
        const text = piece.repeat(Math.ceil(size / piece.length))
        const begun = process.cpuUsage()
        redactor.text(text)
        return process.cpuUsage(begun).user / 1000
      }
      time(50_000)
      // Quadratic would be many times that.
      assert.ok(time(400_000) < 1_500, piece)
    }
  })
})

describe('lines that are shown at once', () => {
  const body = `${'MIIEvQIBADANBgkqhkiG9w0BAQEFAASC'.repeat(2)}`
  it('are redacted each by itself, and a private key to its end', () => {
    const redact = createLineRedactor(createRedactor())
    const key = [
      `-----BEGIN RSA PRIVATE ${'KEY'}-----`,
      'Proc-Type: 4,ENCRYPTED',
      '',
      body,
      `${body.slice(9)}==`,
      `-----END RSA PRIVATE ${'KEY'}-----`,
    ]
    for (const line of key) assert.equal(redact(line), '[redacted]')
    assert.equal(redact(body), body)
    assert.equal(redact('started (1 of 2)'), 'started (1 of 2)')
  })
  it('are shown again where a key is never ended', () => {
    const redact = createLineRedactor(createRedactor())
    assert.equal(redact(`-----BEGIN PRIVATE ${'KEY'}-----`), '[redacted]')
    assert.equal(redact(body), '[redacted]')
    assert.equal(redact('listening on port 80 (http)'), 'listening on port 80 (http)')
    assert.equal(redact(body), body)
  })
})
