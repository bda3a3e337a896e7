// Confinement by bubblewrap, beyond its contract: who a program is, what it has open, what it was shown and by which name.

import assert from 'node:assert/strict'
import { type ChildProcess, spawn } from 'node:child_process'
import {
  chmodSync,
  chownSync,
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, test } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { createBubblewrap, type Program, type SandboxOptions, serverLimits, toGrants } from '../../src/sandbox/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { attempts, nodeProgram, runConfined } from '../support/confined.ts'

verifies('sandbox-mounts')

const isRoot = process.getuid?.() === 0
const needsRoot = { skip: needsBubblewrap.skip || (!isRoot && 'only root starts programs as somebody else') }
const folder = realpathSync(mkdtempSync(join(tmpdir(), 'confine-')))
const at = (...parts: string[]): string => join(folder, ...parts)

before(() => {
  chmodSync(folder, 0o755)
  for (const name of ['data', 'code', 'secret']) {
    mkdirSync(at(name), { mode: 0o755 })
    writeFileSync(at(name, 'file'), name, { mode: 0o644 })
  }
})
after(() => rmSync(folder, { recursive: true, force: true }))

const node = (expressions: Readonly<Record<string, string>>, sandbox?: SandboxOptions, more?: Partial<Program>): Program =>
  nodeProgram(folder, attempts(expressions), sandbox, more)
async function answers(...program: Parameters<typeof node>): Promise<Record<string, unknown>> {
  const { output, errors } = await runConfined(createBubblewrap(), node(...program))
  assert.ok(output.startsWith('{'), `it said nothing: ${errors}`)
  return JSON.parse(output) as Record<string, unknown>
}

test('of its machine it sees what Node needs, and no program at all', needsBubblewrap, async () => {
  const seen = await answers({
    root: "fs.readdirSync('/').sort()",
    programs: "fs.readdirSync('/usr/bin').sort()",
    etc: "fs.readdirSync('/etc').sort()",
    host: "require('node:os').hostname()",
    user: "require('node:os').userInfo().username",
    interfaces: "Object.keys(require('node:os').networkInterfaces()).filter((name) => name !== 'lo')",
    mounted:
      "fs.readFileSync('/proc/self/mounts', 'utf8').split('\\n').filter((line) => /^\\S+ \\/(root|home|var|run|sys|opt)/.test(line))",
  })
  const root = seen['root'] as string[]
  for (const hidden of ['root', 'home', 'var', 'run', 'sys', 'opt', 'mnt', 'bin', 'sbin']) assert.ok(!root.includes(hidden), hidden)
  // What sets its limits and its user, and is of no use to it.
  for (const name of seen['programs'] as string[]) assert.ok(['prlimit', 'setpriv'].includes(name), name)
  for (const hidden of ['shadow', 'ssh', 'sudoers', 'machine-id']) assert.ok(!(seen['etc'] as string[]).includes(hidden), hidden)
  assert.deepEqual([seen['host'], seen['user'], seen['interfaces'], seen['mounted']], ['sandbox', 'sandbox', [], []])
})

test('a server sees the programs of the system, and who has an account here is not told', needsBubblewrap, async () => {
  const script = 'ls /usr/bin | wc -l; cat /etc/passwd; id -u; cat /proc/self/status | grep -E "^(CapEff|CapBnd|NoNewPrivs)"'
  const grants = toGrants({}, folder, serverLimits)
  const program = { command: 'sh', args: ['-c', script], cwd: '/', env: {}, grants, code: [], forks: true, identity: 'server' }
  const [programs, ...rest] = (await runConfined(createBubblewrap(), program)).output.trim().split('\n')
  assert.ok(Number(programs) > 50)
  assert.deepEqual(
    rest.slice(0, 3).map((line) => line.split(':')[0]),
    ['root', 'sandbox', 'nobody'],
  )
  assert.ok(isRoot ? Number(rest[3]) >= 1000 : rest[3] === '1000', rest[3])
  assert.deepEqual(
    rest.slice(4).map((line) => line.split('\t')[1]),
    ['0000000000000000', '0000000000000000', '1'].toSorted((a, b) => b.length - a.length),
  )
})

test('nothing that we were started with is open in it', needsBubblewrap, async () => {
  // A folder, left open for us by whoever started us: from it every file of the machine could be reached.
  const script = `
    import { createBubblewrap, toGrants, toolLimits } from '${join(import.meta.dirname, '../../src/sandbox/index.ts')}'
    import { runConfined } from '${join(import.meta.dirname, '../support/confined.ts')}'
    const list = "const fs = require('node:fs'); console.log(fs.readdirSync('/proc/self/fd').map((fd) => { try { return fs.readlinkSync('/proc/self/fd/' + fd) } catch { return '' } }).join())"
    const program = { command: process.execPath, args: ['-e', list], cwd: '/', env: {}, grants: toGrants({}, '/', toolLimits), code: [], forks: false, node: true }
    process.stdout.write((await runConfined(createBubblewrap(), program)).output)`
  const child = spawn(
    'sh',
    ['-c', `exec "$@" 7< ${at('secret')} 9< ${at('secret', 'file')}`, 'sh', process.execPath, '--input-type=module', '-e', script],
    {
      env: { PATH: process.env['PATH'] },
      stdio: ['ignore', 'pipe', 'inherit'],
    },
  )
  let output = ''
  for await (const part of child.stdout) output += part
  assert.match(output, /socket:|pipe:/)
  assert.ok(!output.includes(folder), output)
})

test('what the loader obeys does not rule over what starts it', needsBubblewrap, async () => {
  const env = { LD_LIBRARY_PATH: at('code'), GIVEN: 'given' }
  const program = node({ library: 'process.env.LD_LIBRARY_PATH', given: 'process.env.GIVEN' }, {}, { env })
  const { command } = createBubblewrap().confine(program)
  assert.deepEqual(
    Object.keys(command.env).filter((name) => name.startsWith('LD_')),
    [],
  )
  const { output } = await runConfined(createBubblewrap(), program)
  assert.deepEqual(JSON.parse(output), { library: at('code'), given: 'given' })
})

test('it listens below 1024 where that was given, on its own loopback', needsBubblewrap, async () => {
  const listen =
    "new Promise((done) => net.createServer().on('error', (error) => done(error.code)).listen(443, '127.0.0.1', function () { this.close(); done('listening') }))"
  assert.deepEqual(await answers({ listen }, {}, { lowPorts: true }), { listen: 'listening' })
  assert.deepEqual(await answers({ listen }), { listen: 'EACCES' })
})

test('what is hidden stays unreadable, unless it was granted by its own name', needsBubblewrap, async () => {
  for (const name of ['keys', 'keys/deep']) mkdirSync(at('code', name))
  for (const name of ['.env', 'keys/one', 'keys/deep/two']) writeFileSync(at('code', name), 'secret', { mode: 0o644 })
  const read = (name: string): string => `fs.readFileSync(${JSON.stringify(at('code', name))}, 'utf8')`
  const hidden = [at('code/.env'), at('code/keys'), at('code/no-such')]
  const expressions = { env: read('.env'), one: read('keys/one'), two: read('keys/deep/two'), file: read('file') }
  assert.deepEqual(await answers(expressions, {}, { code: [at('code')], hidden }), {
    env: 'EACCES',
    one: 'ENOENT',
    two: 'ENOENT',
    file: 'code',
  })
  assert.deepEqual(await answers(expressions, { read: ['code/keys/deep', 'code/.env'] }, { code: [at('code')], hidden }), {
    env: 'secret',
    one: 'ENOENT',
    two: 'secret',
    file: 'code',
  })
})

test('where it may write, it still cannot write what it runs from', needsBubblewrap, async () => {
  mkdirSync(at('open'))
  mkdirSync(at('open/program'))
  for (const name of ['open', 'open/program']) chmodSync(at(name), 0o777)
  const write = (name: string): string => `fs.writeFileSync(${JSON.stringify(at(name))}, '')`
  const answer = await answers(
    {
      beside: write('open/new'),
      program: write('open/program/new'),
      renamed: `fs.renameSync(${JSON.stringify(at('open/program'))}, ${JSON.stringify(at('open/moved'))})`,
    },
    { write: ['open'] },
    { code: [at('open/program')] },
  )
  assert.deepEqual(answer, { beside: 'done', program: 'EROFS', renamed: 'EBUSY' })
})

test('a path among its arguments may be a link, and so may what it runs from', needsBubblewrap, async () => {
  symlinkSync(at('data'), at('linked-data'))
  symlinkSync(at('code'), at('linked-code'))
  const expressions = {
    data: "fs.readFileSync(process.argv[1] + '/file', 'utf8')",
    code: `fs.readFileSync(${JSON.stringify(at('linked-code/file'))}, 'utf8')`,
    both: "fs.readFileSync(process.argv[2], 'utf8')",
  }
  const program = node(expressions, { read: ['linked-data'] }, { code: [at('linked-code')] })
  const { output } = await runConfined(createBubblewrap(), {
    ...program,
    args: [...program.args, at('linked-data'), at('linked-code/file')],
  })
  assert.deepEqual(JSON.parse(output), { data: 'data', code: 'code', both: 'code' })
})

test('a link that takes the place of a granted folder while it starts shows nothing else', needsBubblewrap, async (t) => {
  mkdirSync(at('area/granted'), { recursive: true })
  mkdirSync(at('area/other'))
  writeFileSync(at('area/granted/file'), 'granted')
  for (const name of ['area', 'area/granted', 'area/other']) chmodSync(at(name), 0o777)
  const confinement = createBubblewrap()
  if (confinement.missing.some((sentence) => sentence.includes('mounts by name'))) return t.skip('this bubblewrap is too old, and says so')
  const program = node({ file: `fs.readFileSync(${JSON.stringify(at('area/granted/file'))}, 'utf8')` }, { read: ['area/granted'] })
  const swapping = startSwapping(at('area/granted'), at('area/kept'), at('secret'))
  try {
    const seen = new Set<unknown>()
    for (let started = 0; started < 6; ) {
      try {
        const { output } = await runConfined(confinement, program)
        // bubblewrap saw the exchange, and gave up.
        if (output === '') continue
        seen.add((JSON.parse(output) as { file: string }).file)
        started += 1
      } catch (error) {
        assert.ok(error instanceof ConfigError, String(error))
      }
    }
    assert.deepEqual([...seen], ['granted'])
  } finally {
    swapping.kill('SIGKILL')
  }
})

/** Makes `path`, over and over, a link to something else and what it was. */
function startSwapping(path: string, kept: string, other: string): ChildProcess {
  const script = `const fs = require('node:fs'); const [path, kept, other] = process.argv.slice(1)
    for (;;) { fs.renameSync(path, kept); fs.symlinkSync(other, path); fs.unlinkSync(path); fs.renameSync(kept, path); }`
  return spawn(process.execPath, ['-e', script, path, kept, other], { stdio: 'ignore' })
}

test('what shows the machine itself is no grant', needsBubblewrap, () => {
  for (const path of ['/', '/proc', '/proc/1/root', '/sys/kernel', '/dev', '/run'])
    assert.throws(() => createBubblewrap().confine(node({}, { read: [path] })), ConfigError, path)
  assert.throws(() => createBubblewrap().confine(node({}, {}, { command: 'no-such-program' })), ConfigError)
  assert.throws(() => createBubblewrap().confine(node({}, {}, { code: [at('no-such')] })), ConfigError)
})

test('what is open for a start that fails is closed again', needsBubblewrap, () => {
  const open = (): number => readdirSync('/proc/self/fd').length
  const confinement = createBubblewrap()
  const failing = (): unknown =>
    confinement.confine(node({}, { write: ['data'] }, { given: { '/etc/hosts': at('data/file') }, code: [at('data'), at('no-such')] }))
  assert.throws(failing)
  const before = open()
  for (let time = 0; time < 5; time++) assert.throws(failing)
  assert.equal(open(), before)
})

test('root’s program is somebody else each time, unless it has a name', needsRoot, async () => {
  const who = async (more: Partial<Program>): Promise<unknown> => (await answers({ who: 'process.getuid()' }, {}, more))['who']
  const [one, again, other, unnamed] = [
    await who({ identity: 'one' }),
    await who({ identity: 'one' }),
    await who({ identity: 'other' }),
    await who({}),
  ]
  assert.equal(one, again)
  assert.equal(new Set([0, one, other, unnamed]).size, 4)
})

test('root’s program is the user whose folder it may write, and is told of what it cannot write', needsRoot, async () => {
  mkdirSync(at('theirs'))
  chownSync(at('theirs'), 54_321, 54_321)
  assert.deepEqual(
    await answers({ who: 'process.getuid()', write: `fs.writeFileSync(${JSON.stringify(at('theirs/new'))}, '')` }, { write: ['theirs'] }),
    {
      who: 54_321,
      write: 'done',
    },
  )
  mkdirSync(at('roots'), { mode: 0o755 })
  mkdirSync(at('roots-alone'), { mode: 0o700 })
  const { warnings } = createBubblewrap().confine(node({}, { write: ['roots'], read: ['roots-alone', 'data'] }))
  assert.equal(warnings.length, 2)
  // Another user each time: no number would stay true.
  assert.match(warnings[0] as string, /cannot write .* another user each time; .*: chown -R nobody \S+roots$/)
  assert.match(warnings[1] as string, /cannot read .*: chmod -R a\+rX /)
  const told = (sandbox: SandboxOptions): string =>
    createBubblewrap()
      .confine(node({}, sandbox, { identity: 'one' }))
      .warnings.join('\n')
  assert.match(told({ write: ['roots'] }), /that nothing else on this machine is, (\d+); give it the folder: chown -R \1:\1 \S+roots$/)
  assert.match(
    told({ write: ['theirs', 'roots'] }),
    /runs as the owner of the other folder .* user 54321; .*: chown -R 54321:54321 \S+roots$/,
  )
  chownSync(at('roots'), 65_534, 65_534)
  assert.equal(told({ write: ['roots'] }), '')
  // Its own code, too: all that it could say itself is that there is no such module.
  const { warnings: ofCode } = createBubblewrap().confine(node({}, {}, { code: [at('roots-alone'), at('code')] }))
  assert.match(ofCode.join('\n'), /^it cannot read \S+roots-alone, [^\n]*$/)
})

test('a PATH with somebody else’s programs in it, as of npm, runs none of them outside', needsBubblewrap, async () => {
  const [programs, marker] = [at('programs'), at('ran')]
  mkdirSync(programs)
  for (const name of ['bwrap', 'prlimit', 'setpriv', 'ldd', 'env', 'sh', 'grep', 'cat'])
    writeFileSync(join(programs, name), `#!/bin/sh\necho ${name} >> ${marker}\n`, { mode: 0o755 })
  // What was asked of another program before is not asked again.
  copyFileSync('/bin/sh', at('code', 'shell'))
  const { PATH } = process.env
  process.env['PATH'] = `${programs}:${PATH}`
  try {
    await runConfined(createBubblewrap(), node({}, {}, { command: at('code', 'shell'), args: ['-c', 'exit 0'] }))
  } finally {
    process.env['PATH'] = PATH
  }
  assert.equal(existsSync(marker), false)
})

test('what is around it inside is not there to be read or changed, and zeros are no memory to share', needsBubblewrap, async () => {
  const script = `
    ls /proc/1 /proc/1/mem /proc/1/task 2>&1; head -c 3 /dev/zero | od -An -tx1; test -e /proc/self/mem && echo itself`
  const grants = toGrants({}, folder, serverLimits)
  const server = { command: 'sh', args: ['-c', script], cwd: '/', env: {}, grants, code: [], forks: true }
  const { output } = await runConfined(createBubblewrap(), server)
  assert.match(output, /\/proc\/1\/mem.*No such file[^]*\/proc\/1\/task.*No such file[^]*\n\/proc\/1:\n 00 00 00\nitself\n$/)
  // The device that is mapped there is another: 1:7 is full, 1:5 is zero (admin-guide/devices.txt of Linux).
  const seen = await answers({ server: '0', zero: "fs.statSync('/dev/zero').rdev" })
  assert.deepEqual(seen['zero'], (1 << 8) | 7)
})
