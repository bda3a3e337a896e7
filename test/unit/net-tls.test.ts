import assert from 'node:assert/strict'
import { createPrivateKey, X509Certificate } from 'node:crypto'
import { readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { describe, it } from 'node:test'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConnectionOptions, connect, type TLSSocket } from 'node:tls'
import { ConfigError, type Log, silentLog } from '../../src/core/index.ts'
import { createTlsKeeper, type TlsOptions, tlsSchema } from '../../src/net/index.ts'
import { createAuthority, createLocalCertificate, isGoodUntil } from '../../src/net/tls/certificates.ts'
import { ensureLocalCertificate } from '../../src/net/tls/local.ts'
import { verifies } from '../requirements.ts'
import { createTestAuthority } from '../support/certificates.ts'
import { createTempDir } from '../support/paths.ts'
import { until } from '../support/until.ts'

verifies('tls')

const authority = await createTestAuthority()
const server = await authority.issue(['localhost', '127.0.0.1'])
const DAY_MS = 24 * 3_600_000

const keeperOf = (tls: TlsOptions | 'local', dir = '/nowhere', log: Log = silentLog) =>
  createTlsKeeper({ tls, dir, clock: Date.now, log, lookEveryMs: 20 })

async function listen(keeper: Awaited<ReturnType<typeof keeperOf>>) {
  let requests = 0
  const https: Server = createServer(keeper.serverOptions, (_, response) => (requests++, response.end('here')))
  keeper.keep(https)
  await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
  const { port } = https.address() as AddressInfo
  /** Shakes hands, asks for a page, and answers the subject of the server's certificate, or why there was none. */
  const ask = (options: ConnectionOptions = {}) =>
    new Promise<string>((resolve) => {
      const socket: TLSSocket = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.cert, ...options })
      let subject = ''
      socket.once('secureConnect', () => {
        subject = socket.getPeerCertificate().subject.CN as string
        socket.write('GET / HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n')
      })
      socket.once('data', () => (socket.destroy(), resolve(subject)))
      socket.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message))
      socket.once('close', () => resolve('closed'))
    })
  return { https, port, ask, requests: () => requests, close: () => (keeper.close(), https.closeAllConnections(), https.close()) }
}

describe('TLS settings', () => {
  it('say everything that is wrong with them, and nothing of a key', async () => {
    const other = await authority.issue(['localhost'])
    for (const [tls, problem] of [
      [{ cert: '/nowhere/cert.pem', key: server.key }, /tls\.cert: \/nowhere\/cert\.pem cannot be read \(ENOENT\)/],
      [{ cert: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----', key: server.key }, /tls\.cert: is not a certificate/],
      [{ cert: server.cert, key: server.cert }, /tls\.key: is not a private key in PEM, or needs a passphrase/],
      [{ cert: server.cert, key: other.key }, /tls\.key: does not belong to the certificate/],
      [{ cert: server.cert, key: server.key, ca: '/nowhere', clientCertificates: 'required' }, /tls\.ca: \/nowhere cannot be read/],
    ] as const)
      await assert.rejects(keeperOf(tls), (error: Error) => {
        assert.ok(error instanceof ConfigError)
        assert.match(error.message, problem)
        assert.doesNotMatch(error.message, /BEGIN|MII/)
        return true
      })
  })
  it('open a key with its passphrase only', async () => {
    const passphrase = 'the tide turns at four'
    const key = createPrivateKey(server.key).export({ type: 'pkcs8', format: 'pem', cipher: 'aes-256-cbc', passphrase }) as string
    await assert.rejects(keeperOf({ cert: server.cert, key, passphrase: 'another' }), /the passphrase is another/)
    await assert.rejects(keeperOf({ cert: server.cert, key }), /needs a passphrase/)
    const { ask, close } = await listen(await keeperOf({ cert: server.cert, key, passphrase }))
    assert.equal(await ask(), 'localhost')
    close()
  })
  it('refuse client certificates that nobody is named for, and names that have no effect', () => {
    const problems = (tls: object) => tlsSchema.safeParse(tls).error?.issues.map(({ path, message }) => `${path.join('.')}: ${message}`)
    assert.deepEqual(problems({ ...server, clientCertificates: 'required' }), ['ca: is needed to know whose client certificates count'])
    assert.deepEqual(problems({ ...server, ca: authority.cert }), [
      'ca: has no effect unless clientCertificates is "requested" or "required"',
    ])
    assert.match(String(problems({ ...server, minVersion: 'TLSv1' })), /minVersion/)
  })
  it('speak TLS 1.2 and 1.3, and nothing older', async () => {
    const { ask, close } = await listen(await keeperOf(server))
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const)
      assert.equal(await ask({ minVersion: version, maxVersion: version }), 'localhost')
    for (const version of ['TLSv1', 'TLSv1.1'] as const)
      assert.match(await ask({ minVersion: version, maxVersion: version, ciphers: 'DEFAULT@SECLEVEL=0' }), /ALERT_PROTOCOL_VERSION/)
    close()
  })
})

describe('a certificate that is exchanged while it is served', () => {
  it('is served from the next connection on, and whoever is connected stays', async () => {
    await using folder = await createTempDir('tls')
    const files = { cert: join(folder.path, 'cert.pem'), key: join(folder.path, 'key.pem') }
    const put = ({ cert, key }: { cert: string; key: string }) => (writeFileSync(files.cert, cert), writeFileSync(files.key, key))
    put(server)
    const logged: string[] = []
    const log: Log = (level, message, fields) => void logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
    const { port, ask, close } = await listen(await keeperOf(files, '', log))
    const connected = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.cert })
    await new Promise<void>((resolve) => connected.once('secureConnect', resolve))

    put(await authority.issue(['second', 'localhost']))
    await until('the second certificate is served', async () => (await ask()) === 'second')

    writeFileSync(files.key, 'half a fi')
    await until('the broken file is told of', () => logged.some((line) => line.startsWith('error ')))
    assert.match(logged.find((line) => line.startsWith('error ')) as string, /served before is served on.*tls\.key: is not a private key/)
    assert.equal(await ask(), 'second')

    const third = await authority.issue(['third', 'localhost'])
    writeFileSync(files.cert, third.cert)
    await delay(60)
    assert.equal(await ask(), 'second', 'a certificate without its key changes nothing')
    writeFileSync(files.key, third.key)
    await until('the third certificate is served', async () => (await ask()) === 'third')

    connected.write('GET / HTTP/1.1\r\nHost: x\r\n\r\n')
    const [answer] = await new Promise<[Buffer]>((resolve) => connected.once('data', (data: Buffer) => resolve([data])))
    assert.match(String(answer), /^HTTP\/1.1 200/)
    connected.destroy()
    close()
  })
  it('is told of in the log before it ends, and when it has', async () => {
    const logged: string[] = []
    const log: Log = (level, message, fields) => void logged.push(`${level} ${message} ${JSON.stringify(fields ?? {})}`)
    for (const days of [100, 3, -1]) (await keeperOf(await authority.issue(['localhost'], { days }), '', log)).close()
    assert.equal(logged.length, 2)
    assert.match(logged[0] as string, /^warn the TLS certificate ends soon {"days":[23]}$/)
    assert.match(logged[1] as string, /^warn the TLS certificate has ended/)
  })
})

describe('client certificates', () => {
  it('that are required: whoever has none, or another’s, is never heard', async () => {
    const stranger = await (await createTestAuthority('somebody else')).issue()
    const friend = await authority.issue()
    for (const version of ['TLSv1.2', 'TLSv1.3'] as const) {
      const over = { minVersion: version, maxVersion: version }
      const { ask, requests, close } = await listen(await keeperOf({ ...server, ca: authority.cert, clientCertificates: 'required' }))
      assert.match(await ask(over), /ALERT|closed|ECONNRESET|EPIPE/)
      assert.match(await ask({ ...over, ...stranger }), /ALERT|closed|ECONNRESET|EPIPE/)
      // One of the server's kind, by the right authority: it says who is served, not who asks.
      assert.match(await ask({ ...over, ...server }), /ALERT|closed|ECONNRESET|EPIPE/)
      assert.equal(requests(), 0)
      assert.equal(await ask({ ...over, ...friend }), 'localhost')
      assert.equal(requests(), 1)
      close()
    }
  })
  it('that are requested: whoever has none is heard, whoever has a bad one is not, with a resumed session either', async () => {
    const stranger = await (await createTestAuthority('somebody else')).issue()
    const { ask, port, requests, close } = await listen(await keeperOf({ ...server, ca: authority.cert, clientCertificates: 'requested' }))
    assert.equal(await ask(), 'localhost')
    assert.equal(await ask({ ...(await authority.issue()) }), 'localhost')
    assert.equal(requests(), 2)
    const first = connect({ host: '127.0.0.1', port, servername: 'localhost', ca: authority.cert, ...stranger })
    let session: Buffer | undefined
    first.on('session', (ticket) => void (session = ticket))
    first.on('error', () => {})
    await new Promise((resolve) => first.once('close', resolve))
    for (const again of session ? [{ session }, { session, ...stranger }] : [stranger])
      assert.match(await ask(again), /ALERT|closed|ECONNRESET|EPIPE/)
    assert.equal(requests(), 2)
    close()
  })
})

describe('the certificate of this machine', () => {
  it('is made once, kept from everybody else, and trusted by whoever trusts its authority', async () => {
    await using folder = await createTempDir('tls')
    const dir = join(folder.path, 'tls')
    const logged: string[] = []
    const keeper = await keeperOf('local', dir, (_, message, fields) => void logged.push(`${message} ${JSON.stringify(fields)}`))
    assert.match(logged.join(), /NODE_EXTRA_CA_CERTS.*ca\.pem/)
    for (const file of readdirSync(dir)) if (process.platform !== 'win32') assert.equal(statSync(join(dir, file)).mode & 0o777, 0o600, file)
    const ca = readFileSync(join(dir, 'ca.pem'), 'utf8')
    assert.doesNotMatch(ca, /PRIVATE/)
    const { ask, close } = await listen(keeper)
    for (const name of ['localhost', '127.0.0.1', '::1'])
      assert.equal(await ask({ ca, servername: name === 'localhost' ? name : '', checkServerIdentity: sameAs(name) }), 'localhost')
    assert.equal(await ask(), 'UNABLE_TO_VERIFY_LEAF_SIGNATURE')
    close()
    const before = readFileSync(join(dir, 'localhost.pem'), 'utf8')
    ;(await keeperOf('local', dir)).close()
    assert.equal(readFileSync(join(dir, 'localhost.pem'), 'utf8'), before)
  })
  it('is renewed before it ends, under the same authority, and the authority before that ends', async () => {
    await using folder = await createTempDir('tls')
    let now = Date.now()
    const ensure = async () => {
      const { cert, authority: ca } = await ensureLocalCertificate(folder.path, () => now)
      return [cert, ca].map((file) => new X509Certificate(readFileSync(file)).serialNumber)
    }
    const [leaf, root] = await ensure()
    now += 50 * DAY_MS
    assert.deepEqual(await ensure(), [leaf, root])
    now += 15 * DAY_MS
    const [second, same] = await ensure()
    assert.equal(same, root)
    assert.notEqual(second, leaf)
    now += 5 * 365 * DAY_MS
    assert.notEqual((await ensure())[1], root)
  })
  it('is one, when two processes make it at once', async () => {
    await using folder = await createTempDir('tls')
    const made = await Promise.all(Array.from({ length: 4 }, () => ensureLocalCertificate(folder.path, Date.now)))
    const [{ cert, authority: ca }] = made as [(typeof made)[0]]
    const leaf = readFileSync(cert, 'utf8')
    assert.ok(new X509Certificate(leaf).verify(new X509Certificate(readFileSync(ca)).publicKey))
    assert.deepEqual(readdirSync(folder.path).sort(), ['authority.pem', 'ca.pem', 'localhost.pem'])
  })
  it('has an authority that cannot vouch for any other name', async () => {
    const now = { from: Date.now(), days: 10 }
    const own = await createAuthority('CN=local', now)
    assert.equal(new X509Certificate(own.cert).ca, true)
    const forged = await forgedUnder(own)
    const https = createServer(forged, (_, response) => response.end())
    await new Promise<void>((resolve) => https.listen(0, '127.0.0.1', resolve))
    const { port } = https.address() as AddressInfo
    const verdict = await new Promise((resolve) => {
      const socket = connect({ host: '127.0.0.1', port, servername: 'bank.example', ca: own.cert })
      socket.once('error', (error) => resolve(error.message))
      socket.once('secureConnect', () => (socket.destroy(), resolve('trusted')))
    })
    https.closeAllConnections()
    https.close()
    assert.match(String(verdict), /permitted subtree violation/)
  })
  it('that belongs to another authority, or is another’s key, does not count', async () => {
    const period = { from: Date.now(), days: 10 }
    const [one, two] = [await createAuthority('CN=one', period), await createAuthority('CN=two', period)]
    const leaf = await createLocalCertificate(one, period)
    assert.ok(isGoodUntil(leaf, Date.now(), one))
    assert.ok(!isGoodUntil(leaf, Date.now(), two))
    assert.ok(!isGoodUntil(leaf, Date.now() + 11 * DAY_MS, one))
    assert.ok(!isGoodUntil({ cert: leaf.cert, key: one.key }, Date.now(), one))
  })
})

const sameAs =
  (name: string): NonNullable<ConnectionOptions['checkServerIdentity']> =>
  (_, peer) =>
    String(peer.subjectaltname).includes(name === '::1' ? '0:0:0:0:0:0:0:1' : name) ? undefined : new Error(`not for ${name}`)

/** What somebody would make who has stolen the authority's key. */
async function forgedUnder(own: { cert: string; key: string }) {
  const { loadX509 } = await import('../../src/net/tls/x509.ts')
  const x509 = loadX509()
  const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }
  const keys = await crypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
  const der = createPrivateKey(own.key).export({ type: 'pkcs8', format: 'der' })
  const cert = await x509.X509CertificateGenerator.create({
    subject: 'CN=bank.example',
    issuer: new x509.X509Certificate(own.cert).subject,
    notAfter: new Date(Date.now() + DAY_MS),
    publicKey: keys.publicKey,
    signingKey: await crypto.subtle.importKey('pkcs8', new Uint8Array(der), algorithm, false, ['sign']),
    signingAlgorithm: algorithm,
    extensions: [new x509.SubjectAlternativeNameExtension([{ type: 'dns', value: 'bank.example' }])],
  })
  const pkcs8 = Buffer.from(await crypto.subtle.exportKey('pkcs8', keys.privateKey)).toString('base64')
  return { cert: cert.toString('pem'), key: `-----BEGIN PRIVATE KEY-----\n${pkcs8}\n-----END PRIVATE KEY-----\n` }
}
