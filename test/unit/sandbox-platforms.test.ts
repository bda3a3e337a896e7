// Depths other than bubblewrap: what they hold, what they refuse because they could not hold it, and which one is chosen.

import assert from 'node:assert/strict'
import { existsSync, mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { startChild } from '../../src/process/index.ts'
import { detectContainer } from '../../src/sandbox/confine/container.ts'
import { probe } from '../../src/sandbox/confine/probe.ts'
import { type Confinement, openConfinement, type Program, type SandboxOptions, toGrants, toolLimits } from '../../src/sandbox/index.ts'
import { createNodePermission } from '../../src/sandbox/platforms/node-permission.ts'
import { createNone, ON_WINDOWS } from '../../src/sandbox/platforms/none.ts'
import { createSandboxRuntime, findSandboxRuntime } from '../../src/sandbox/platforms/sandbox-runtime.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { attempts, nodeProgram, runConfined } from '../support/confined.ts'

verifies('sandbox-depths', 'sandbox-node-permission')

const posix = { skip: process.platform === 'win32' && 'there is no sandbox on Windows' }
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'platforms-')))
const data = join(folder, 'data')
const beside = join(folder, 'data-beside')
let listener: Server
let port = 0

before(async () => {
  for (const path of [data, beside]) {
    mkdirSync(path)
    writeFileSync(join(path, 'file'), 'content')
  }
  writeFileSync(join(data, 'key'), 'secret')
  listener = createServer((socket) => socket.end()).listen(0, '127.0.0.1')
  await new Promise((listening) => listener.once('listening', listening))
  port = (listener.address() as { port: number }).port
})
after(() => {
  listener.close()
  rmSync(folder, { recursive: true, force: true })
})

const script = (code: string, sandbox?: SandboxOptions, more?: Partial<Program>): Program => nodeProgram(folder, code, sandbox, more)

/** What it printed, as JSON; and what of ours is left. */
async function run(confinement: Confinement, program: Program): Promise<unknown> {
  const { output, errors } = await runConfined(confinement, program)
  assert.ok(output !== '', `it said nothing: ${errors}`)
  return JSON.parse(output)
}

const nodeOnly = createNodePermission({ why: 'It is a test.' })
const DENIED = 'ERR_ACCESS_DENIED'

test('Node’s permissions let a program read and write what was granted, and nothing beside it', posix, async () => {
  const code = attempts({
    granted: `fs.readFileSync('${data}/file', 'utf8')`,
    beside: `fs.readFileSync('${beside}/file', 'utf8')`,
    dots: `fs.readFileSync('${data}/../data-beside/file', 'utf8')`,
    written: `fs.writeFileSync('${data}/new', 'x')`,
    passwd: `fs.readFileSync('/etc/passwd', 'utf8')`,
    environ: `fs.readFileSync('/proc/' + process.ppid + '/environ', 'utf8')`,
    scratch: `fs.writeFileSync(process.env.TMPDIR + '/x', 'x') ?? 'written'`,
    link: `fs.symlinkSync('/etc/passwd', process.env.TMPDIR + '/link')`,
  })
  assert.deepEqual(await run(nodeOnly, script(code, { read: ['data'] })), {
    granted: 'content',
    beside: DENIED,
    dots: DENIED,
    written: DENIED,
    passwd: DENIED,
    environ: DENIED,
    scratch: 'written',
    link: DENIED,
  })
  const writes = attempts({
    written: `fs.writeFileSync('${data}/new', 'x') ?? 'written'`,
    beside: `fs.writeFileSync('${beside}/new', 'x')`,
  })
  assert.deepEqual(await run(nodeOnly, script(writes, { write: ['data'] })), { written: 'written', beside: DENIED })
})

test('what stays hidden is not granted with what lies beside it', posix, async () => {
  const code = attempts({ file: `fs.readFileSync('${data}/file', 'utf8')`, key: `fs.readFileSync('${data}/key', 'utf8')` })
  const hidden = [join(data, 'key'), join(data, 'not-there')]
  assert.deepEqual(await run(nodeOnly, script(code, { read: ['data'] })), { file: 'content', key: 'secret' })
  assert.deepEqual(await run(nodeOnly, script(code, { read: ['data'] }, { hidden })), { file: 'content', key: DENIED })
  assert.deepEqual(await run(nodeOnly, script(code, { write: ['data'] }, { hidden })), { file: 'content', key: DENIED })
})

test('without a grant for the network, Node’s JavaScript has none', posix, async () => {
  const connecting = `new Promise((done, failed) => require('node:net').connect(${port}, '127.0.0.1', () => done('connected')).on('error', failed))`
  const code = attempts({
    tcp: connecting,
    unix: `require('node:net').connect('/run/nobody')`,
    tls: `require('node:tls').connect(${port}, '127.0.0.1')`,
    http: `new Promise((done, failed) => require('node:http').get('http://127.0.0.1:${port}', done).on('error', failed))`,
    fetch: `fetch('http://127.0.0.1:${port}').catch((error) => { throw error.cause })`,
    imported: `import('node:net').then(({ connect }) => connect(${port}, '127.0.0.1'))`,
    listen: `require('node:net').createServer().listen(0)`,
    udp: `require('node:dgram').createSocket('udp4')`,
    udpClass: `new (require('node:dgram').Socket)('udp4')`,
    lookup: `require('node:dns').lookup('localhost', () => {})`,
    promised: `require('node:dns/promises').lookup('localhost')`,
    resolver: `new (require('node:dns').promises.Resolver)()`,
  })
  const answers = (await run(nodeOnly, script(code))) as Record<string, string>
  for (const [name, answer] of Object.entries(answers)) assert.equal(answer, DENIED, name)
  const granted = await run(
    nodeOnly,
    script(attempts({ tcp: `${connecting}.finally(() => setImmediate(() => process.exit()))` }), { net: [`127.0.0.1:${port}`] }),
  )
  assert.deepEqual(granted, { tcp: 'connected' })
})

test('no other process gets a signal, a debugger or another priority from it', posix, async () => {
  const code = attempts({
    own: `process.kill(process.pid, 0)`,
    parent: `process.kill(process.ppid, 0)`,
    group: `process.kill(0, 0)`,
    text: `process.kill(String(process.ppid), 0)`,
    raw: `process._kill(process.ppid, 0)`,
    imported: `import('node:process').then(({ kill }) => kill(process.ppid, 0))`,
    debug: `process._debugProcess(process.ppid)`,
    priority: `require('node:os').setPriority(process.ppid, 19)`,
    deleted: `delete process.kill`,
    assigned: `Object.defineProperty(process, 'kill', { value: () => 'replaced' }) && 'replaced'`,
    spawn: `require('node:child_process').execFileSync('true')`,
    execve: `process.execve('/bin/true', ['true'], {})`,
    worker: `new (require('node:worker_threads').Worker)('', { eval: true })`,
    addon: `process.dlopen({ exports: {} }, '/x.node')`,
    binding: `process.binding('fs')`,
    inspector: `require('node:inspector').open(0)`,
  })
  assert.deepEqual(await run(nodeOnly, script(code)), {
    own: true,
    parent: DENIED,
    group: DENIED,
    text: DENIED,
    raw: DENIED,
    imported: DENIED,
    debug: DENIED,
    priority: DENIED,
    deleted: false,
    assigned: 'TypeError',
    spawn: DENIED,
    execve: DENIED,
    worker: DENIED,
    addon: 'ERR_DLOPEN_DISABLED',
    binding: DENIED,
    inspector: DENIED,
  })
})

test('its environment is what it was handed, and says where its own folders are', posix, async () => {
  const { HOME, TMPDIR, ...env } = (await run(
    nodeOnly,
    script('process.stdout.write(JSON.stringify(process.env))', {}, { env: { A: '1' } }),
  )) as Record<string, string>
  assert.deepEqual(env, { A: '1' })
  assert.equal(HOME, TMPDIR)
  assert.ok(!existsSync(HOME ?? ''), 'it is gone with the program')
  const home = join(folder, 'home')
  const code = attempts({ home: `fs.writeFileSync(process.env.HOME + '/kept', 'x') ?? process.env.HOME` })
  assert.deepEqual(await run(nodeOnly, script(code, {}, { home })), { home })
  assert.ok(existsSync(join(home, 'kept')))
})

test('root’s program has no capability', { skip: process.getuid?.() !== 0 && 'only root has any' }, async () => {
  const code = attempts({ capabilities: `fs.readFileSync('/proc/self/status', 'utf8').match(/^Cap(?:Prm|Eff|Bnd):.*$/gm).join()` })
  const { capabilities } = (await run(nodeOnly, script(code, { read: ['/proc'] }))) as { capabilities: string }
  assert.match(capabilities, /^(?:Cap(?:Prm|Eff|Bnd):\s0+,?){3}$/)
})

test('what Node’s permissions cannot say is refused, and nothing is started or left', posix, () => {
  const link = join(folder, 'star*')
  symlinkSync(data, link)
  for (const [program, said] of [
    [script('', {}, { command: '/bin/cat', node: false }), /cat is not Node/],
    [script('', { run: ['git'] }), /sandbox\.run cannot be granted/],
    [script('', { read: ['not-there'] }), /not-there is granted and not there/],
    [script('', {}, { grants: { ...toGrants({}, folder, toolLimits), read: [link] } }), /"\*"/],
    [script('', {}, { env: { NODE_OPTIONS: '--allow-fs-read=*' } }), /NODE_OPTIONS/],
    [script('', {}, { args: ['--no-permission', 'x.js'] }), /--no-permission/],
    [script('', {}, { args: ['--permission_audit', 'x.js'] }), /--permission-audit/],
    [script('', {}, { args: ['-r', './a.js', '--allow-fs-read=/', 'x.js'] }), /--allow-fs-read cannot/],
    [script('', {}, { args: ['--env-file=.env', 'x.js'] }), /--env-file/],
  ] as const)
    assert.throws(
      () => nodeOnly.confine(program),
      (error) => error instanceof ConfigError && said.test(error.message),
      String(said),
    )
  // What comes after the script is the script's own.
  const own = nodeOnly.confine(script('', {}, { args: ['x.js', '--allow-write', 'y'] }))
  assert.ok(own.command.args.includes('--allow-write'))
})

test('a program of the machine’s Node is run by ours, which knows the permissions', posix, () => {
  const { command } = nodeOnly.confine(script('', {}, { command: '/opt/old/bin/node', node: false }))
  assert.ok(command.args.includes(process.execPath))
  assert.ok(!command.args.includes('/opt/old/bin/node'))
})

test('what is ended from outside is ended with its folders', posix, async () => {
  const confined = nodeOnly.confine(script('setInterval(() => {}, 1000); console.log(process.env.HOME)'))
  const child = startChild(confined.command)
  confined.started(child)
  const home = await new Promise<string>((said) => child.stdout.once('data', (chunk: Buffer) => said(chunk.toString().trim())))
  assert.ok(existsSync(home))
  confined.end('time')
  await new Promise((closed) => child.once('close', closed))
  assert.equal(confined.ended, 'time')
  assert.ok(!existsSync(home))
})

const cli = findSandboxRuntime()
const withRuntime = {
  skip:
    needsBubblewrap.skip ||
    (cli === undefined && 'npm install @anthropic-ai/sandbox-runtime') ||
    (!existsSync('/usr/bin/socat') && 'socat is not installed: apt-get install socat'),
}
test('the runtime for sandboxes understands our settings, and keeps a program to them', withRuntime, async () => {
  const runtime = createSandboxRuntime(cli as string)
  const code = attempts({
    granted: `fs.readFileSync('${data}/file', 'utf8')`,
    key: `fs.readFileSync('${data}/key', 'utf8')`,
    beside: `fs.existsSync('${beside}')`,
    passwd: `fs.existsSync('/etc/passwd')`,
    written: `fs.writeFileSync('${data}/new', 'x')`,
    home: `fs.writeFileSync(process.env.HOME + '/x', 'x') ?? 'written'`,
    own: `process.env.A`,
    ours: `process.env.PATH.includes('node_modules')`,
    net: `new Promise((done, failed) => require('node:net').connect(${port}, '127.0.0.1', done).on('error', failed))`,
  })
  const program = script(
    code,
    { read: ['data'] },
    { env: { A: 'a value', PATH: '/usr/bin:/bin' }, command: process.execPath, hidden: [join(data, 'key')] },
  )
  assert.deepEqual(await run(runtime, program), {
    granted: 'content',
    key: 'EACCES',
    beside: false,
    passwd: false,
    written: 'EROFS',
    home: 'written',
    own: 'a value',
    ours: false,
    net: 'ECONNREFUSED',
  })
  const writes = attempts({ written: `fs.writeFileSync('${data}/new', 'x') ?? 'written'`, key: `fs.readFileSync('${data}/key', 'utf8')` })
  assert.deepEqual(await run(runtime, script(writes, { write: ['data'] }, { command: process.execPath, hidden: [join(data, 'key')] })), {
    written: 'written',
    key: 'EACCES',
  })
  assert.throws(() => runtime.confine(script('', { write: ['not-there'] })), ConfigError)
})

test('the runtime for sandboxes lets it connect to where it was granted to, and nowhere else', withRuntime, async () => {
  const runtime = createSandboxRuntime(cli as string)
  const tunnel = (to: string): string => `new Promise((done, failed) => {
    const { hostname: host, port, username, password } = new URL(process.env.HTTP_PROXY)
    const key = Buffer.from([username, password].map(decodeURIComponent).join(':')).toString('base64')
    const headers = { 'proxy-authorization': 'Basic ' + key }
    require('node:http').request({ host, port, method: 'CONNECT', path: '${to}', headers, agent: false })
      .on('connect', ({ statusCode }, socket) => { socket.destroy(); done(statusCode) }).on('error', failed).end() })`
  const code = attempts({
    granted: tunnel(`127.0.0.1:${port}`),
    named: tunnel(`localhost:${port}`),
    other: tunnel('127.0.0.1:9'),
    host: tunnel('example.com:443'),
  })
  const net = [`127.0.0.1:${port}`, `localhost:${port}`]
  assert.deepEqual(await run(runtime, script(code, { net }, { command: process.execPath })), {
    granted: 200,
    named: 200,
    other: 403,
    host: 403,
  })
})

test('where nothing can hold a program, nothing is confined', () => {
  const none = createNone(ON_WINDOWS)
  assert.equal(none.depth, 'none')
  assert.throws(() => none.confine(script('')), /no sandbox on Windows/)
})

test('every depth but bubblewrap says what is missing, a sentence each', posix, () => {
  assert.equal(nodeOnly.missing[0], 'It is a test.')
  for (const sentence of [...nodeOnly.missing, ...createSandboxRuntime('/x/dist/cli.js').missing]) assert.match(sentence, /^\S.+\.$/)
  assert.ok(nodeOnly.missing.some((sentence) => sentence.includes('network')))
})

test('the deepest is opened once a process, and a depth by name is that depth', posix, async () => {
  assert.equal(openConfinement(), openConfinement())
  const byName = await openConfinement({ prefer: 'node-permission' })
  assert.equal(byName.depth, 'node-permission')
})

test('with bubblewrap nothing is missing', needsBubblewrap, async () => {
  const { depth, missing } = await openConfinement()
  assert.deepEqual({ depth, missing }, { depth: 'bubblewrap', missing: [] })
})

test(
  'a trial that does not come back says nothing of bubblewrap: nothing is done with less for that, and it is tried again',
  needsBubblewrap,
  async () => {
    const late = await probe(1)
    assert.equal(late.works, 'unknown')
    assert.match((late as { problem: string }).problem, /did not come back: start again when this machine has less to do\.$/)
    assert.equal((await probe()).works, true)
  },
)

test('a container is known by what it leaves, and what allows bubblewrap in it is said', () => {
  const from = (paths: readonly string[], env: NodeJS.ProcessEnv = {}, groups = ''): string | undefined =>
    detectContainer({ exists: (path) => paths.includes(path), read: () => groups, env })?.kind
  assert.equal(from([]), undefined)
  assert.equal(from(['/.dockerenv']), 'docker')
  assert.equal(from(['/run/.containerenv']), 'podman')
  assert.equal(from([], { container: 'lxc' }), 'lxc')
  assert.equal(from([], { container: 'systemd-nspawn' }), 'container')
  assert.equal(from(['/.dockerenv'], { KUBERNETES_SERVICE_HOST: '10.0.0.1' }), 'kubernetes')
  assert.equal(from([], {}, '0::/docker/0123'), 'docker')
  assert.equal(from([], {}, '0::/init.scope'), undefined)
  assert.match(detectContainer({ exists: (path) => path === '/.dockerenv', read: () => '', env: {} })?.allow ?? '', /--security-opt/)
})
