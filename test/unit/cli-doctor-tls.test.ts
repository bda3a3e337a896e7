/** The checks of TLS that `doctor` makes, against real servers with real certificates. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { getCACertificates, setDefaultCACertificates } from 'node:tls'
import type { Finding } from '../../src/cli/checks/check.ts'
import { checkServer } from '../../src/cli/checks/server.ts'
import { checkConfiguredTls, checkOwnTls, checkTls, checkVerification } from '../../src/cli/checks/tls.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { startHttps } from '../support/https.ts'
import { createTempDir } from '../support/paths.ts'

const authority = await createTestAuthority()
const stranger = await createTestAuthority('a stranger')
const old = await createTestAuthority('an old authority', { rsaHash: 'SHA-1' })
const NAMES = ['localhost', '127.0.0.1']
const good = await authority.issue(NAMES, { days: 60 })
const builtIn = getCACertificates('default')
before(() => setDefaultCACertificates([...builtIn, authority.cert, old.cert]))
after(() => setDefaultCACertificates(builtIn))

const lines = (findings: readonly Finding[]): string[] =>
  findings.map(({ status, found }) => `${status}: ${found.replaceAll(/:\d{4,5}\b/g, '')}`)

test('a good server is said to be one, with what it speaks and when its certificate ends', async () => {
  await using server = await startHttps(good)
  assert.deepEqual(lines(await checkTls(`${server.origin}/mcp`)), [
    'ok: localhost speaks TLS 1.2 and TLS 1.3; its certificate is good, and ends in 59 days',
  ])
  assert.equal(server.heard(), 0, 'nothing is sent')
  assert.deepEqual(await checkTls('http://localhost:1/mcp'), [])
  assert.deepEqual(await checkTls('no URL'), [])
})

test('what a caller would be refused with is told in words, with what to do', async () => {
  const below = await authority.intermediate()
  const leaf = await below.issue(NAMES, { days: 60 })
  const self = await stranger.issue(NAMES)
  for (const [what, options, found, fix] of [
    ['ended', await authority.issue(NAMES, { days: -1 }), /has ended \(CERT_HAS_EXPIRED\)/, /renew/],
    ['another name', await authority.issue(['other.example']), /other names than localhost/, /names localhost/],
    ['unknown authority', self, /does not lead to a known authority/, /NODE_EXTRA_CA_CERTS/],
    ['no intermediate', leaf, /does not lead to a known authority/, /fullchain/],
    [
      'weak key',
      { ...(await authority.issue(NAMES, { rsaBits: 1024 })), ciphers: 'DEFAULT:@SECLEVEL=0' },
      /key in its chain is too small/,
      /2048/,
    ],
    [
      'no cipher',
      { ...good, maxVersion: 'TLSv1.2', ciphers: 'ECDHE-RSA-DES-CBC3-SHA:AES128-SHA' },
      /no cipher could be agreed on/,
      /ECDHE/,
    ],
    ['SHA-1', { ...(await old.issue(NAMES)), ciphers: 'DEFAULT:@SECLEVEL=0' }, /signed with SHA-1/, /SHA-256/],
  ] as const) {
    await using server = await startHttps(options)
    const [finding, ...others] = await checkTls(server.origin)
    assert.deepEqual([finding?.status, others.length], ['problem', 0], `${what}: ${JSON.stringify([finding, others])}`)
    assert.match(finding?.found ?? '', found, what)
    assert.match(finding?.fix ?? '', fix, what)
    assert.deepEqual(await checkServer(server.origin), [finding], `${what}: nothing says that it does not run`)
  }
  await using whole = await startHttps({ cert: `${leaf.cert}\n${below.cert}`, key: leaf.key })
  assert.match(lines(await checkTls(whole.origin)).join(), /^ok: /)
})

test('versions that nobody should speak are problems, a missing one is a warning', async () => {
  await using ancient = await startHttps({ ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.2', ciphers: 'DEFAULT:@SECLEVEL=0' })
  assert.deepEqual(lines(await checkTls(ancient.origin)), [
    'problem: localhost still speaks TLS 1.1',
    'problem: localhost still speaks TLS 1.0',
    'warning: localhost does not speak TLS 1.3',
    'ok: localhost speaks TLS 1.2; its certificate is good, and ends in 59 days',
  ])
  await using only = await startHttps({ ...good, minVersion: 'TLSv1', maxVersion: 'TLSv1.1', ciphers: 'DEFAULT:@SECLEVEL=0' })
  assert.match(lines(await checkTls(only.origin)).at(-1) ?? '', /problem: .*no TLS 1.2 or 1.3 could be agreed on/)
})

test('a certificate that ends soon is warned of', async () => {
  await using server = await startHttps(await authority.issue(NAMES, { days: 20 }))
  const [warned, ...rest] = lines(await checkTls(server.origin))
  assert.match(warned ?? '', /^warning: .*ends in 19 days/)
  assert.doesNotMatch(rest.join(), /is good/)
  assert.match(lines(await checkTls(server.origin, Date.now() + 21 * 86_400_000)).join(), /problem: .*has ended/)
})

test('every https server that the configuration names is looked at, once', async () => {
  await using server = await startHttps(good)
  await using folder = await createTempDir('doctor')
  const { origin } = server
  writeFileSync(
    join(folder.path, 'sallyport.yaml'),
    `servers:\n  one: { url: ${origin}/mcp }\n  two: { url: ${origin}/other }\n  three: { url: http://localhost:1/mcp }\n  four: { url: https://127.0.0.1:${server.port}/mcp, auth: { type: id-jag, issuer: ${origin}, clientId: a, clientSecret: b } }\n`,
  )
  const findings = await checkConfiguredTls(loadConfig({ cwd: folder.path, env: {} }))
  assert.deepEqual(
    findings.map(({ status, found }) => [status, found.split(' ')[0]]),
    [
      ['ok', `localhost:${server.port}`],
      ['ok', `127.0.0.1:${server.port}`],
    ],
  )
})

test('what our own server would be served with is looked at, too', async () => {
  const below = await authority.intermediate()
  const leaf = await below.issue(['mcp.example.com'], { days: 60 })
  const own = (over: object) => lines(checkOwnTls({ port: 443, publicUrl: 'https://mcp.example.com', ...over }))
  const full = { cert: `${leaf.cert}\n${below.cert}`, key: leaf.key }
  assert.deepEqual(own({ tls: full }), ['ok: the key belongs to the certificate of mcp.example.com; it ends in 59 days'])
  assert.match(own({ tls: leaf })[0] ?? '', /^warning: the file has the certificate of the server alone/)
  assert.match(own({ tls: { ...full, cert: `${leaf.cert}\n${stranger.cert}` } })[0] ?? '', /^problem: the second certificate/)
  assert.match(
    own({ tls: full, publicUrl: 'https://other.example.com' })[0] ?? '',
    /^problem: the certificate is for other names than other/,
  )
  assert.match(own({ tls: { ...full, key: good.key } })[0] ?? '', /^problem: tls.key: does not belong/)
  assert.match(own({ tls: { cert: '/nowhere/cert.pem', key: '/nowhere/key.pem' } }).join(), /cannot be read \(ENOENT\)/)
  assert.match(own({ tls: 'local' }).join(), /^ok: /)
  assert.deepEqual(own({}), [])
})

test('a process that verifies nothing is a problem', () => {
  assert.deepEqual(checkVerification({}), [])
  assert.deepEqual(checkVerification({ NODE_TLS_REJECT_UNAUTHORIZED: '1' }), [])
  assert.match(lines(checkVerification({ NODE_TLS_REJECT_UNAUTHORIZED: '0' })).join(), /^problem: NODE_TLS_REJECT_UNAUTHORIZED/)
})
