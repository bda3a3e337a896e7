// The bridge: what runs in a sandbox reaches what it was granted as if it were outside, whether it knows of proxies or not.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdirSync, readdirSync, utimesSync, writeFileSync } from 'node:fs'
import { createServer } from 'node:http'
import { type AddressInfo, createServer as createSocketServer } from 'node:net'
import { join } from 'node:path'
import { after, suite, test } from 'node:test'
import { silentLog } from '../../src/core/index.ts'
import { openNetwork, type Program, serverLimits, toGrants } from '../../src/sandbox/index.ts'
import { sweep } from '../../src/sandbox/network/place.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { destinations, listen, names } from '../support/egress.ts'
import { runNetworked } from '../support/networked.ts'
import { createTempDir } from '../support/paths.ts'

const NAME = 'api.example.com'
const here = { lookup: names({ [NAME]: ['127.0.0.1'] }), dangerouslyAllowPrivateHosts: [NAME] }

const web = createServer((request, response) => void response.end(`${request.method} ${request.headers.host} ${request.url}`))
web.listen(0, '127.0.0.1')
await once(web, 'listening')
const { port } = web.address() as AddressInfo
after(() => {
  web.closeAllConnections()
  web.close()
})

suite('a program that knows of no proxy', needsBubblewrap, () => {
  test('connects to a host by its name, and speaks whatever it speaks', async () => {
    await using echo = await listen()
    const { stdout, noted } = await runNetworked({
      ...here,
      net: [`${NAME}:${echo.port}`],
      script: `import { connect } from 'node:net'
        connect(${echo.port}, '${NAME}', function () { this.end('\\x00hello') }).pipe(process.stdout)`,
    })
    assert.equal(stdout, '\0hello')
    assert.deepEqual(
      noted.map(({ reason, target }) => `${reason} ${target}`),
      [`allowed ${NAME}:${echo.port}`],
    )
  })

  test('reaches a service of this machine that was granted, as localhost', async () => {
    await using echo = await listen()
    const { stdout } = await runNetworked({
      net: [`localhost:${echo.port}`],
      script: `import { connect } from 'node:net'
        connect(${echo.port}, 'localhost', function () { this.end('hello') }).pipe(process.stdout)`,
    })
    assert.equal(stdout, 'hello')
  })

  test('finds port 443 where it expects it, and is refused like by a host where the name leads inwards', async () => {
    const { stdout, noted } = await runNetworked({
      lookup: names({ [NAME]: ['10.0.0.1'] }),
      net: [`${NAME}:443`],
      script: `import { connect } from 'node:net'
        connect(443, '${NAME}').on('connect', () => console.log('connected')).on('error', (error) => console.log(error.code)).resume()`,
    })
    // Whoever is slow to look hears of both at once: that it was found is in the record.
    assert.match(stdout, /^(?:connected\n)?ECONNRESET\n$/)
    assert.deepEqual(
      noted.map(({ reason, target }) => `${reason} ${target}`),
      [`blocked_address ${NAME}:443`],
    )
  })

  test('reaches nothing else: not by address, not by name, not by datagram', async () => {
    const { stdout, noted } = await runNetworked({
      net: [`${NAME}:443`],
      script: `import { connect } from 'node:net'
        import { createSocket } from 'node:dgram'
        const tried = (host, port) => new Promise((done) => connect(port, host).on('connect', () => done('connected')).on('error', ({ code }) => done(code)))
        console.log(await tried('127.0.0.1', ${port}), await tried('192.0.2.1', 443), await tried('2001:db8::1', 443), await tried('other.example.com', 443))
        createSocket('udp4').send('x', 53, '192.0.2.1', function (error) { console.log(error.code); this.close() })`,
    })
    const [tcp = '', udp] = stdout.trim().split('\n')
    assert.match(tcp, /^ECONNREFUSED ENETUNREACH (?:ENETUNREACH|EADDRNOTAVAIL) (?:EAI_AGAIN|ENOTFOUND)$/)
    assert.equal(udp, 'ENETUNREACH')
    assert.deepEqual(noted, [])
  })
})

suite('a program that looks for a proxy', needsBubblewrap, () => {
  test('finds it: fetch of Node reaches a host below one that was granted, and is told of others', async () => {
    const { stdout, noted } = await runNetworked({
      ...here,
      net: [`*.example.com:${port}`],
      script: `import { get } from 'node:http'
        const answer = await fetch('http://${NAME}:${port}/path')
        console.log(await answer.text())
        await fetch('https://other.example.org/').catch(() => console.log('no connection'))
        get('http://other.example.org/', async (refused) => console.log(refused.statusCode, (await refused.toArray()).join('')))`,
    })
    const [first, second, third] = stdout.split('\n')
    assert.equal(first, `GET ${NAME}:${port} /path`)
    assert.equal(second, 'no connection')
    assert.match(third ?? '', /^403 The sandbox of test has no connection to other\.example\.org:80: it was not granted/)
    assert.deepEqual(
      noted.map(({ reason, target }) => `${reason} ${target}`),
      [`allowed ${NAME}:${port}`, 'destination_not_granted other.example.org:443', 'destination_not_granted other.example.org:80'],
    )
  })

  test('finds it in another language: curl', {
    skip: needsBubblewrap.skip || (!existsSync('/usr/bin/curl') && 'there is no curl'),
  }, async () => {
    const { stdout } = await runNetworked({
      ...here,
      net: [`*.example.com:${port}`],
      command: '/usr/bin/curl',
      args: ['--silent', `http://${NAME}:${port}/curl`],
    })
    assert.equal(stdout, `GET ${NAME}:${port} /curl`)
  })

  test('has services of its own on its own loopback', async () => {
    const { stdout } = await runNetworked({
      net: [`${NAME}:443`],
      script: `import { createServer } from 'node:http'
        const server = createServer((_, response) => response.end('mine')).listen(0, '127.0.0.1', async () => {
          console.log(await (await fetch('http://127.0.0.1:' + server.address().port)).text())
          server.close()
        })`,
    })
    assert.equal(stdout, 'mine\n')
  })
})

suite('the command behind the bridge', needsBubblewrap, () => {
  test('has its own standard streams and its own environment, and ends as it ends', async () => {
    const { stdout, stderr, code } = await runNetworked({
      net: [`${NAME}:443`],
      env: { MINE: 'yes' },
      stdin: 'said',
      script: `for await (const text of process.stdin) process.stdout.write(text + process.env.MINE + ('SALLYPORT_BRIDGE' in process.env))
        console.error('aside')
        process.exitCode = 7`,
    })
    assert.deepEqual({ stdout, stderr, code }, { stdout: 'saidyesfalse', stderr: 'aside\n', code: 7 })
  })

  test('is told of a signal that was for it', async () => {
    const { code } = await runNetworked({
      net: [`${NAME}:443`],
      script: `process.on('SIGTERM', () => process.exit(9))
        process.ppid && process.kill(process.ppid, 'SIGTERM')
        setInterval(() => {}, 1000)`,
    })
    assert.equal(code, 9)
  })

  test('that cannot be started is said to be so', async () => {
    const { code, stderr } = await runNetworked({ net: [`${NAME}:443`], command: '/usr/bin/env', args: ['no-such-program'] })
    assert.equal(code, 127)
    assert.match(stderr, /no-such-program/)
  })
})

suite('a network', () => {
  const program: Program = {
    command: '/usr/bin/server',
    args: ['serve'],
    cwd: '/',
    env: { HTTP_PROXY: 'http://proxy.of.this.machine:8080' },
    grants: toGrants({}, '/', serverLimits),
    code: [],
    forks: true,
  }
  const open = (...allowed: string[]) => openNetwork({ name: 'test', allowed: destinations(...allowed), note: () => {}, log: silentLog })

  test('is nothing where nothing is granted', async () => {
    const network = await open()
    assert.equal(network.into(program), program)
    assert.equal(network.beside(program), program)
    await network.close()
  })

  test('has its socket in a folder that is ours alone, and takes it with it', async () => {
    const network = await open('localhost:5432', 'db.example.com:443')
    const { given = {}, env, args } = network.into(program)
    const { '/run/sallyport/network': socket = '', '/etc/hosts': hosts = '' } = given
    assert.ok(existsSync(socket) && existsSync(hosts))
    // The key of the socket is in no argument: those are anybody's to read.
    const { key } = JSON.parse(env['SALLYPORT_BRIDGE'] ?? '') as { key: string }
    assert.ok(!args.some((arg) => arg.includes(key)))
    assert.equal(env['HTTP_PROXY'], 'http://127.77.0.1:3128')
    await network.close()
    assert.ok(!existsSync(socket) && !existsSync(hosts))
    await network.close()
  })

  test('that was killed leaves a socket, which is removed by who comes next; what is in use and what is not ours stays', async () => {
    await using dir = await createTempDir()
    const folderOf = (name: string): string => join(dir.path, `sallyport-net-${name}`)
    const dies = `fs.mkdirSync(${JSON.stringify(folderOf('left'))})
      net.createServer().listen(${JSON.stringify(join(folderOf('left'), 'proxy'))}, () => process.kill(process.pid, 'SIGKILL'))`
    assert.equal(spawnSync(process.execPath, ['-e', dies]).signal, 'SIGKILL')
    assert.ok(existsSync(join(folderOf('left'), 'proxy')))
    for (const name of ['used', 'young', 'other']) mkdirSync(folderOf(name))
    const used = createSocketServer().listen(join(folderOf('used'), 'proxy'))
    await once(used, 'listening')
    writeFileSync(join(folderOf('other'), 'mine'), 'x')
    // What is young may be somebody's who is about to listen.
    for (const name of ['left', 'used', 'other']) utimesSync(folderOf(name), 1, 1)
    await sweep(dir.path)
    used.close()
    assert.deepEqual(readdirSync(dir.path).toSorted(), ['sallyport-net-other', 'sallyport-net-used', 'sallyport-net-young'])
    assert.deepEqual(readdirSync(folderOf('other')), ['mine'])
  })
})
