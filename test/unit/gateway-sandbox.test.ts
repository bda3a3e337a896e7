/**
 * The sandbox of a guarded command: what it is shown without a grant, what is said of what it lacks, and what it is refused. Its servers
 * are lines for a shell, which start at once.
 */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, mkdirSync, readFileSync, statSync, symlinkSync, writeFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { basename, join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { ConfigError, systemClock } from '../../src/core/index.ts'
import type { ServerConfig } from '../../src/gateway/config/index.ts'
import { toServerSandbox } from '../../src/gateway/config/sandbox.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { adviceFor } from '../../src/gateway/sandbox/advice.ts'
import { checkGrants } from '../../src/gateway/sandbox/check-grants.ts'
import { environmentFor } from '../../src/gateway/sandbox/environment.ts'
import { cannotRun, hintsFor, shownGrants } from '../../src/gateway/sandbox/hints.ts'
import { createSandboxes } from '../../src/gateway/sandbox/index.ts'
import { findProgram } from '../../src/gateway/sandbox/program-files.ts'
import type { Command } from '../../src/gateway/upstream/index.ts'
import { startChild, stopChild } from '../../src/process/index.ts'
import { createNodePermission } from '../../src/sandbox/platforms/node-permission.ts'
import { createNone } from '../../src/sandbox/platforms/none.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { createTempDir, type TempDir } from '../support/paths.ts'
import { granted } from '../support/sandbox.ts'

verifies('sandbox-servers')

let temp: TempDir
before(async () => void (temp = await createTempDir('keeper')))
after(() => temp.remove())

const linux = { skip: process.platform !== 'linux' }
let folders = 0
/** A new folder with these files in it; a name that ends with a slash is a folder. */
function folderOf(files: Readonly<Record<string, string>> = {}): string {
  const folder = join(temp.path, `of-${++folders}`)
  mkdirSync(folder, { mode: 0o755 })
  for (const [name, text] of Object.entries(files)) {
    mkdirSync(join(folder, name, name.endsWith('/') ? '.' : '..'), { recursive: true })
    if (!name.endsWith('/')) writeFileSync(join(folder, name), text)
  }
  return folder
}
const command = (given: Partial<Command>): Command => ({ command: '/bin/sh', args: [], cwd: temp.path, env: {}, ...given })

interface Setting {
  readonly command?: Partial<Command>
  readonly sandbox?: object
  readonly forced?: 'off' | 'required'
  readonly where?: string
  readonly id?: string
}

function serverWith({ command: given = {}, sandbox, forced, where = '', id = 'notes' }: Setting): ServerConfig {
  const target = command(given)
  return {
    id,
    target,
    sandbox: toServerSandbox(sandbox, target.cwd, { where, place: id, forced }),
    tools: [],
    timeoutSeconds: undefined,
    secrets: [],
  }
}

describe('what a command is shown without a grant', linux, () => {
  const codeOf = (given: Partial<Command>, path = '/usr/bin:/bin'): readonly string[] | undefined => findProgram(command(given), path)?.code

  test('of a script its package, and every node_modules above it', () => {
    const root = folderOf({
      'package.json': '{"name":"outer"}',
      'node_modules/dep/index.js': '',
      'packages/server/package.json': '{"name":"server"}',
      'packages/server/dist/package.json': '{"type":"module"}',
      'packages/server/dist/index.js': '',
    })
    const script = join(root, 'packages/server/dist/index.js')
    assert.deepEqual(
      codeOf({ command: process.execPath, args: [script] })
        ?.filter((path) => path.startsWith(root))
        .sort(),
      [join(root, 'node_modules'), join(root, 'packages/server')],
    )
  })
  test('of a program in node_modules/.bin its package, and not the project that has installed it', () => {
    const root = folderOf({
      'package.json': '{"name":"project"}',
      '.env': 'KEY=1',
      'node_modules/spy/package.json': '{"name":"spy"}',
      'node_modules/spy/index.js': '#!/bin/sh\n',
      'node_modules/.bin/': '',
      'member/package.json': '{"name":"member"}',
    })
    // Nor what else belongs to the workspace: nothing that comes from elsewhere depends on it.
    symlinkSync('../member', join(root, 'node_modules/member'))
    chmodSync(join(root, 'node_modules/spy/index.js'), 0o755)
    symlinkSync('../spy/index.js', join(root, 'node_modules/.bin/spy'))
    const spy = join(root, 'node_modules/.bin/spy')
    assert.deepEqual(codeOf({ command: 'spy' }, join(root, 'node_modules/.bin')), [join(root, 'node_modules')])
    assert.deepEqual(codeOf({ args: [spy] }), [join(root, 'node_modules')])
  })
  test('of a script without a package its folder, of one in a folder of everybody’s itself alone', () => {
    const folder = folderOf({ 'server.js': '' })
    assert.ok(codeOf({ command: 'node', args: [join(folder, 'server.js')], env: { PATH: `${folderWithNode()}` } })?.includes(folder))
    const path = join('/tmp', `sallyport-${process.pid}.sh`)
    writeFileSync(path, '')
    try {
      assert.deepEqual(codeOf({ args: [path] }), [path])
    } finally {
      rm(path)
    }
  })
  test('never a home, however a package comes to lie in it', () => {
    const home = homedir()
    for (const code of [codeOf({ args: [join(home, '.profile')] }), codeOf({ args: [join(home, 'nothing.sh')] })])
      for (const path of code ?? []) assert.notEqual(path, home)
  })
  test('of a link in node_modules also where it leads, within the workspace', () => {
    const root = folderOf({
      'node_modules/': '',
      'server/package.json': '{"name":"a"}',
      'server/server.sh': '',
      'server/node_modules/': '',
      'shared/package.json': '{"name":"shared"}',
    })
    symlinkSync('../../shared', join(root, 'server/node_modules/shared'))
    const found = codeOf({ args: [join(root, 'server/server.sh')] })
    assert.deepEqual(found, [join(root, 'server'), join(root, 'node_modules'), join(root, 'shared')])
  })
  test('nothing that a package made a link to, named as its base, or wrote into its first line', () => {
    const keys = folderOf({ 'package.json': '{"name":"another project"}', id_rsa: '' })
    const root = folderOf({ 'dist/package.json': '{"name":"a"}', 'dist/server.sh': '', 'dist/node_modules/': '', 'bin/': '', 'X=a/': '' })
    const seen = (given: Partial<Command>): string[] => (codeOf(given) ?? []).filter((path) => !path.startsWith(root))
    symlinkSync(keys, join(root, 'dist/node_modules/keys'))
    symlinkSync(keys, join(root, 'node_modules'))
    assert.deepEqual(codeOf({ args: [join(root, 'dist/server.sh')] }), [join(root, 'dist')])
    symlinkSync(join(keys, 'id_rsa'), join(root, 'X=a/b'))
    writeFileSync(join(root, 'bin/server'), '#!/usr/bin/env -S X=a/b sh\n', { mode: 0o755 })
    for (const base of ['/x', '../..', join(keys, 'bin'), `${keys}/`]) {
      writeFileSync(join(root, 'pyvenv.cfg'), `home = ${base}\n`)
      assert.deepEqual(seen({ command: './bin/server', cwd: root }), [], base)
    }
  })
  test('without waiting for a pipe, or reading a device, that lies where its description should', () => {
    const root = folderOf({ 'bin/': '', 'pipe/server.sh': '', 'device/server.sh': '' })
    for (const pipe of ['pipe/package.json', 'bin/server', 'pyvenv.cfg']) execFileSync('mkfifo', ['-m', '755', join(root, pipe)])
    symlinkSync('/dev/zero', join(root, 'device/package.json'))
    // It would not come back: another process asks.
    const ask = `import { findProgram } from ${JSON.stringify(new URL('../../src/gateway/sandbox/program-files.ts', import.meta.url).href)}
      const code = (command, args) => findProgram({ command, args, cwd: ${JSON.stringify(root)}, env: {} })?.code ?? []
      console.log(JSON.stringify([...code('/bin/sh', ['pipe/server.sh']), ...code('/bin/sh', ['device/server.sh']), ...code('./bin/server', [])]))`
    const answer = execFileSync(process.execPath, ['--input-type=module', '-e', ask], { timeout: 30_000, encoding: 'utf8', stdio: 'pipe' })
    assert.deepEqual(JSON.parse(answer), [join(root, 'pipe'), join(root, 'device')])
  })
  test('of a program its installation, and that of the interpreter that its first line names', () => {
    const root = folderOf({ 'bin/': '', 'lib/': '' })
    const interpreter = folderOf({ 'bin/python3': '' })
    const program = (path: string, text: string): void => {
      writeFileSync(path, text)
      chmodSync(path, 0o755)
    }
    program(join(interpreter, 'bin/mine'), '#!/bin/sh\n')
    program(join(root, 'bin/tool'), '#!/usr/bin/env mine\n')
    const path = `${join(root, 'bin')}:${join(interpreter, 'bin')}`
    assert.deepEqual(codeOf({ command: 'tool' }, path), [root, interpreter])
    // A venv stands on another installation (PEP 405).
    const venv = folderOf({ 'bin/': '', 'pyvenv.cfg': `home = ${join(interpreter, 'bin')}\n` })
    symlinkSync('/bin/sh', join(venv, 'bin/python'))
    const found = findProgram(command({ command: join(venv, 'bin/python'), args: [] }), path)
    assert.deepEqual([found?.command, found?.code], [join(venv, 'bin/python'), [venv, interpreter]])
  })
  test('of what stands in the arguments nothing, and of what is read before it the folder', () => {
    const folder = folderOf({ 'first.mjs': '', 'x/notes': '' })
    const node = (...args: string[]) => findProgram(command({ command: process.execPath, args, cwd: folder }))
    const isIn = (found: ReturnType<typeof node>): boolean => found?.code.includes(folder) === true
    assert.equal(isIn(node('-e', '0', 'first.mjs')), false)
    assert.equal(isIn(node('--import', './first.mjs', '-e', '0')), true)
    assert.equal(isIn(node('--import=./first.mjs', '-e', '0')), true)
    const found = node('--max-old-space-size=64', 'first.mjs', 'x/notes')
    assert.deepEqual(found?.args, ['--max-old-space-size=64', join(folder, 'first.mjs'), 'x/notes'])
    assert.equal(findProgram(command({ command: 'no-such-program-anywhere' })), undefined)
  })
})

const rm = (path: string): void => void import('node:fs').then(({ rmSync }) => rmSync(path, { force: true }))
function folderWithNode(): string {
  return join(process.execPath, '..')
}

describe('its environment', () => {
  const ours = {
    PATH: '/usr/bin:/opt/tools/bin',
    HOME: '/homes/ana',
    LANG: 'en',
    SSH_AUTH_SOCK: '/x',
    API_KEY: 'k',
    SSL_CERT_FILE: '/etc/ca.pem',
  }
  const envFor = (over: Partial<Parameters<typeof environmentFor>[0]>) =>
    environmentFor({ ours, granted: [], named: {}, command: '/usr/bin/node', code: [], connects: false, ...over })

  test('is where programs are and how to write, and what is granted or named', () => {
    assert.deepEqual(envFor({}).env, { PATH: '/usr/bin:/usr/local/bin:/bin', LANG: 'en' })
    assert.deepEqual(envFor({ granted: ['API_KEY', 'NOT_SET'], named: { TOKEN: 't', SALLYPORT_KEY: 'no' } }).env, {
      PATH: '/usr/bin:/usr/local/bin:/bin',
      LANG: 'en',
      API_KEY: 'k',
      TOKEN: 't',
    })
  })
  test('says whose certificates count where it may connect, and shows them', () => {
    const { env, files } = envFor({ connects: true })
    assert.deepEqual([env['SSL_CERT_FILE'], files], ['/etc/ca.pem', ['/etc/ca.pem']])
  })
  test('has folders of programs that it can see, and no others', () => {
    assert.match(envFor({ code: ['/opt/tools'] }).env['PATH'] ?? '', /^\/usr\/bin:\/opt\/tools\/bin:/)
  })
})

describe('what is said before it is started', linux, () => {
  test('a path among arguments and variables that it cannot see, with what would show it', () => {
    const folder = folderOf({ 'notes/a.md': '', 'open/': '', 'code/server.sh': '' })
    const handed = {
      args: ['server.sh', 'notes', '--root=./notes', '--name=b', 'https://example.com', join(folder, 'open')],
      cwd: folder,
      env: {},
    }
    const hints = (where: string, env: Record<string, string> = {}): string[] =>
      hintsFor({ ...handed, env, script: 0, code: [] }, serverWith({ sandbox: { read: [join(folder, 'open')] }, where }).sandbox as never)
    assert.deepEqual(hints(''), [
      `${join(folder, 'notes')} is given to it, and it cannot see it: add --allow-read ${join(folder, 'notes')}, or --allow-write`,
    ])
    assert.deepEqual(hints('sallyport.yaml:4: servers.notes.sandbox'), [
      `${join(folder, 'notes')} is given to it, and it cannot see it: add it to read, or to write, in its sandbox (sallyport.yaml:4: servers.notes.sandbox)`,
    ])
    assert.match(hints('', { PLACE: join(folder, 'code') })[1] ?? '', /code is given to it/)
  })
  test('programs that do at their start what no sandbox lets them do', () => {
    const said = (program: string, args: string[], sandbox: object = {}, where = '') =>
      cannotRun({ command: program, args }, serverWith({ sandbox, where }).sandbox as never)
    assert.match(said('docker', ['run', 'x']) ?? '', /socket of its daemon.*--dangerously-no-sandbox/)
    assert.match(said('/usr/bin/docker', ['run'], {}, 'a.yaml:1: x') ?? '', /sandbox: \{ dangerouslyOff: true \}/)
    assert.match(
      said('uvx', ['mcp-server-git']) ?? '',
      /uv tool install PACKAGE.*--allow-net pypi\.org:443 --allow-net files\.pythonhosted\.org:443/,
    )
    assert.match(said('pipx', ['run', 'x'], {}, 'a.yaml:1: x') ?? '', /net: \[pypi\.org:443, files\.pythonhosted\.org:443\]/)
    for (const [program, args, sandbox] of [
      ['uvx', ['x'], { net: ['pypi.org:443'] }],
      ['pipx', ['list'], {}],
      ['node', ['docker'], {}],
    ] as const)
      assert.equal(said(program, [...args], sandbox), undefined)
  })
  test('what it may reach, in a line', () => {
    const { grants } = serverWith({ sandbox: { read: ['/usr/share'], net: ['*.example.com:443', '[::1]:80'], env: ['TZ'], run: ['git'] } })
      .sandbox as never
    assert.equal(shownGrants(grants), 'reads /usr/share · writes nothing · network: *.example.com:443, [::1]:80 · env: TZ · runs git')
    assert.equal(shownGrants(serverWith({}).sandbox?.grants as never), 'reads nothing · writes nothing · network: none')
    const writes = serverWith({ sandbox: { write: ['/usr/share'] } }).sandbox?.grants as never
    assert.equal(shownGrants(writes), 'reads and writes /usr/share · network: none')
  })
})

describe('what is said after it has ended', () => {
  test('by its last words, which grant it may lack', () => {
    const advice = (words: string, sandbox: object = {}) => adviceFor(words, serverWith({ sandbox }).sandbox as never)
    for (const [words, flag] of [
      ["EROFS: read-only file system, open '/x'", '--allow-write'],
      ['getaddrinfo EAI_AGAIN api.example.com', '--allow-net'],
      ['connect ENETUNREACH 192.0.2.1:443', '--allow-net'],
      ['connect ECONNREFUSED 127.0.0.1:5432', '--allow-net'],
      ['spawn git ENOENT', '--allow-run'],
      ["EACCES: permission denied, open '/x'", '--allow-write'],
      ["ENOENT: no such file or directory, open '/x'", '--allow-read'],
    ] as const)
      assert.ok(advice(words)?.includes(flag), words)
    assert.equal(advice('SyntaxError: Unexpected token'), undefined)
    assert.equal(advice('connect ECONNREFUSED 127.0.0.1:5432', { net: ['localhost:5432'] }), undefined)
    assert.match(
      adviceFor('EROFS', serverWith({ where: 'sallyport.yaml:3: servers.a.sandbox' }).sandbox as never) ?? '',
      /write in its sandbox \(sallyport\.yaml:3/,
    )
  })
})

describe('what is granted', () => {
  const problemsOf = (sandbox: object, own: readonly string[] = [], dataDir = '/nowhere/data'): string[] =>
    checkGrants(serverWith({ sandbox, where: 'a.yaml:2: s' }), { dataDir, own, env: { PATH: '/usr/bin:/bin' } })

  test('must be there', linux, () => {
    const folder = folderOf({ 'a/': '' })
    assert.deepEqual(problemsOf({ read: [join(folder, 'a')], run: ['sh'] }), [])
    assert.deepEqual(problemsOf({ read: [join(folder, 'b')], write: [join(folder, 'c')], run: ['no-such-program'] }), [
      `a.yaml:2: s.read: there is no ${join(folder, 'b')}: make it first, or name another`,
      `a.yaml:2: s.write: there is no ${join(folder, 'c')}: make it first, or name another`,
      'a.yaml:2: s.run: there is no program no-such-program',
    ])
    const typed = serverWith({ sandbox: { read: [join(folder, 'b')] } })
    assert.deepEqual(checkGrants(typed, { dataDir: '/nowhere/data', own: [], env: {} }), [
      `--allow-read: there is no ${join(folder, 'b')}: make it first, or name another`,
    ])
  })
  test('is never what is Sallyport’s own: not to see, and not by a folder around it to write', linux, () => {
    const folder = folderOf({ 'data/master.key': '', 'sallyport.yaml': '' })
    const own = [join(folder, 'sallyport.yaml')]
    const data = join(folder, 'data')
    assert.match(problemsOf({ read: [join(data, 'master.key')] }, own, data).join(), /is Sallyport's own: no server may see it/)
    assert.match(problemsOf({ write: [folder] }, own, data).join(), /could change what it may do/)
    assert.match(problemsOf({ write: [folder] }, own).join(), /holds .*sallyport\.yaml/)
    // To read it is another matter: what is ours is covered up.
    assert.deepEqual(problemsOf({ read: [folder] }, own, data), [])
  })
  test('is read from the file with its line, and what has no meaning there is refused with what has', () => {
    const folder = folderOf({ 'notes/': '' })
    const load = (sandbox: object) => {
      const file = join(folder, 'sallyport.yaml')
      writeFileSync(file, JSON.stringify({ servers: { a: { command: 'sh', sandbox } } }, null, 1))
      return loadConfig({ file, cwd: folder, env: {} }).servers[0]?.sandbox
    }
    const found = load({ write: ['notes'], net: ['api.example.com:443'], memoryMb: 128 })
    assert.deepEqual([found?.use, found?.grants.write, found?.grants.limits.memoryMb], ['required', [join(folder, 'notes')], 128])
    assert.equal(load({ dangerouslyOff: true })?.use, 'off')
    assert.equal(load({ read: ['notes'], dangerouslyOptional: true })?.use, 'where-possible')
    for (const [sandbox, problem] of [
      [{ timeoutMs: 5 }, /sallyport\.yaml:\d+: servers\.a\.sandbox\.timeoutMs: is for tools and snippets: .*timeoutSeconds/],
      [{ maxOutputBytes: 5000 }, /limits\.resultBytes/],
      [{ dangerouslyOff: true, read: ['notes'] }, /sandbox\.dangerouslyOff: means that nothing else in this block counts/],
      [{ env: ['SSH_AUTH_SOCK'] }, /sandbox\.env\.0: leads to a socket of yours/],
      [{ env: ['DBUS_SESSION_BUS_ADDRESS'] }, /leads to a socket/],
      [{ env: ['SALLYPORT_DATA_DIR'] }, /never handed on/],
      [{ reed: [] }, /did you mean "read"/],
      [{ net: ['example.com'] }, /must be HOST:PORT/],
    ] as const)
      assert.throws(
        () => load(sandbox),
        (error: Error) => error instanceof ConfigError && problem.test(error.message),
        JSON.stringify(sandbox),
      )
  })
  test('goes with a command alone', () => {
    const folder = folderOf({ 'sallyport.yaml': JSON.stringify({ servers: { a: { url: 'https://example.com/mcp', sandbox: {} } } }) })
    assert.throws(() => loadConfig({ cwd: folder, env: {} }), /servers\.a\.sandbox: goes with a command/)
  })
})

describe('where no sandbox can be made', () => {
  const sandboxesWithout = (said: string[] = []) =>
    createSandboxes({
      dataDir: join(temp.path, 'data'),
      own: [],
      log: (level, message) => void said.push(`${level} ${message}`),
      clock: systemClock,
      open: () => Promise.resolve(createNone('bubblewrap is not installed: apt-get install bubblewrap')),
    })

  test('a command is started as it is, and that is said once, with what is missing', async () => {
    const said: string[] = []
    const server = serverWith({})
    const keeper = sandboxesWithout(said).of(server)
    for (let start = 0; start < 2; start++) assert.equal(await keeper.keep(server.target as Command), undefined)
    assert.deepEqual(said, [
      'warn notes: runs WITHOUT a sandbox, and can do whatever you can: bubblewrap is not installed: apt-get install bubblewrap',
    ])
    assert.equal(keeper.status()?.depth, 'none')
  })
  test('what a machine lacks is not said again of each server that has a lesser one', linux, async () => {
    const said: string[] = []
    const why = 'bubblewrap is not installed: apt-get install bubblewrap.'
    const sandboxes = createSandboxes({
      dataDir: join(temp.path, 'data'),
      own: [],
      log: (level, message) => void said.push(`${level} ${message}`),
      clock: systemClock,
      open: () => Promise.resolve(createNodePermission({ why })),
    })
    const server = serverWith({ command: { command: process.execPath, args: ['-e', '0'] } })
    const keeper = sandboxes.of(server)
    const kept = await keeper.keep(server.target as Command)
    const child = startChild(kept?.command as Command)
    kept?.started(child)
    await once(child, 'close')
    assert.equal(keeper.status()?.depth, 'node-permission')
    assert.deepEqual(said, [])
  })
  test('nothing is started that was to run in one, and it is said where that is written', async () => {
    for (const [setting, place] of [
      [{ forced: 'required' }, '--sandbox'],
      [{ sandbox: { read: [] }, where: 'a.yaml:3: servers.notes.sandbox' }, 'a.yaml:3: servers.notes.sandbox'],
    ] as const) {
      const server = serverWith(setting)
      await assert.rejects(sandboxesWithout().check([server]), (error: Error) => {
        assert.equal(
          error.message,
          `${place}: notes is to run in a sandbox, and there is none here: bubblewrap is not installed: apt-get install bubblewrap`,
        )
        return error instanceof ConfigError
      })
      await assert.rejects(
        sandboxesWithout()
          .of(server)
          .keep(server.target as Command),
        /it is not started without a sandbox/,
      )
    }
  })
  test('where it holds less than commands, that is said as the machine’s own warning has it', linux, async () => {
    const why = 'bubblewrap is not installed: apt-get install bubblewrap.'
    const sandboxes = createSandboxes({
      dataDir: join(temp.path, 'data'),
      own: [],
      log() {},
      clock: systemClock,
      open: () => Promise.resolve(createNodePermission({ why })),
    })
    await assert.rejects(sandboxes.check([serverWith({ forced: 'required' })]), {
      name: 'ConfigError',
      message: `--sandbox: notes is to run in a sandbox, and sandboxes are less than whole here: ${why}`,
    })
  })
  test('whoever may do without one is let through, and whoever wants none is told what that means', async () => {
    const said: string[] = []
    const servers = [serverWith({ sandbox: { dangerouslyOptional: true } }), serverWith({ forced: 'off', id: 'off' })]
    await sandboxesWithout(said).check(servers)
    await sandboxesWithout(said)
      .of(servers[1] as ServerConfig)
      .keep(command({}))
    assert.deepEqual(said, ['warn off: runs WITHOUT a sandbox, as it was told to, and can do whatever you can'])
  })
})

test('while it is not known whether there is a sandbox, nothing is started without one; it is looked for at the next start', async () => {
  let looked = 0
  const sandboxes = createSandboxes({
    dataDir: join(temp.path, 'data'),
    own: [],
    log: () => {},
    clock: systemClock,
    open: async () => {
      if (++looked === 1) throw new ConfigError(['bubblewrap did not come back'])
      return createNone('bubblewrap is not installed')
    },
  })
  const server = serverWith({})
  const keep = () => sandboxes.of(server).keep(server.target as Command)
  await assert.rejects(keep(), { name: 'Unusable', message: 'bubblewrap did not come back' })
  assert.equal(await keep(), undefined)
  assert.equal(looked, 2)
})

describe('in the sandbox', needsBubblewrap, () => {
  const said: string[] = []
  let dataDir = ''
  before(() => void (dataDir = folderOf({ 'master.key': 'the key to all' })))

  /** What a shell says that runs `line` as the server. */
  async function runs(line: string, setting: Setting = {}, person?: string, args: readonly string[] = []): Promise<string> {
    const server = serverWith({ ...setting, command: { args: ['-c', line, 'sh', ...args], ...setting.command } })
    const keeper = createSandboxes({
      dataDir,
      own: [],
      env: { PATH: '/usr/bin:/bin', PRIVATE: 'x' },
      log: (_, text) => void said.push(text),
      clock: systemClock,
    }).of(server)
    const kept = await keeper.keep(server.target as Command, person)
    assert.ok(kept)
    const child = startChild(kept.command)
    kept.started(child)
    let text = ''
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (text += chunk))
    await new Promise((resolve) => child.once('close', resolve))
    kept.close()
    return text.trim()
  }

  test('it sees no file of ours that was not granted', async () => {
    const folder = folderOf({ 'secret.txt': 'canary' })
    assert.match(
      await runs(`cat ${join(folder, 'secret.txt')}; ls ${homedir()}; ls ${dataDir}`),
      /No such file[^]*No such file[^]*No such file/,
    )
    assert.equal(await runs(`cat ${join(folder, 'secret.txt')}`, { sandbox: granted({ read: [folder] }) }), 'canary')
  })
  test('it writes where it may, and nowhere else', async () => {
    const [open, shut] = [folderOf(), folderOf()]
    const sandbox = granted({ write: [open], read: [shut] })
    assert.match(await runs(`echo hello > ${open}/a && echo hello > ${shut}/a`, { sandbox }), /(?:Read-only file system|Permission denied)/)
    assert.equal(readFileSync(join(open, 'a'), 'utf8'), 'hello\n')
  })
  test('its home is its own, and stays; another server of the same name elsewhere has another', async () => {
    await runs('echo mine > ~/a')
    assert.equal(await runs('cat ~/a; echo $HOME'), 'mine\n/home/sandbox')
    assert.match(await runs('cat ~/a', { id: 'other' }), /No such file/)
  })
  test('what it has kept is still its own where a grant makes it another user', async () => {
    const outside = folderOf({ 'mine.txt': '' })
    await runs(`mkdir -p ~/deep; echo kept > ~/deep/a; ln -s ${outside} ~/out`, { id: 'moved' })
    const before = statSync(join(outside, 'mine.txt')).uid
    assert.equal(
      await runs('echo more >> ~/deep/a; cat ~/deep/a', { id: 'moved', sandbox: granted({ write: [folderOf()] }) }),
      'kept\nmore',
    )
    assert.deepEqual([statSync(outside).uid, statSync(join(outside, 'mine.txt')).uid], [before, before], 'no link was followed')
  })
  test('it is asked to end before it is ended, though no signal to what is around it reaches it', async () => {
    const keeper = createSandboxes({ dataDir, own: [], log: () => {}, clock: systemClock })
    const line = 'trap "echo asked > ~/asked; exit 0" TERM; echo ready; while :; do sleep 0.05; done'
    const server = serverWith({ id: 'asked', command: { args: ['-c', line] } })
    const kept = await keeper.of(server).keep(server.target as Command)
    assert.ok(kept)
    const child = startChild(kept.command)
    kept.started(child)
    await once(child.stdout, 'data')
    await stopChild(child, kept.terminate)
    assert.equal(await runs('cat ~/asked', { id: 'asked' }), 'asked')
  })
  test('what one person’s process keeps is gone with it, and was never another’s', async () => {
    assert.equal(await runs('ls ~; echo of-ana > ~/a; cat ~/a', {}, 'ana'), 'of-ana')
    for (const person of ['ana', 'bob', undefined]) assert.doesNotMatch(await runs('cat ~/a', {}, person), /of-ana/)
  })
  test('it has no variable of ours, and what is named and granted', async () => {
    const env = await runs('env', { command: { env: { TOKEN: 't' } }, sandbox: { env: ['PRIVATE'] } })
    assert.deepEqual(
      env
        .split('\n')
        .map((line) => line.split('=')[0])
        .filter((name) => name !== '_' && name !== 'OLDPWD')
        .sort(),
      ['HOME', 'PATH', 'PRIVATE', 'PWD', 'TOKEN'],
    )
    assert.doesNotMatch(await runs('env'), /PRIVATE/)
  })
  test('it runs in its folder where it sees that, and else at home; what is granted by a relative path it still finds', async () => {
    const folder = folderOf({ 'notes/a.md': 'a note' })
    const at = { cwd: folder }
    assert.equal(await runs('pwd', { command: at }), '/home/sandbox')
    assert.equal(await runs('pwd', { command: at, sandbox: granted({ read: [folder] }) }), folder)
    const sandbox = granted({ read: [join(folder, 'notes')] })
    assert.equal(
      await runs('cat "$1"/a.md; cat "${2#--root=}"/a.md; echo "$3"', {
        command: { cwd: folder, args: ['-c', 'cat "$1"/a.md; echo " $2"; echo "$3"', 'sh', 'notes', '--root=./notes', 'other'] },
        sandbox,
      }),
      `a note --root=${join(folder, 'notes')}\nother`,
    )
    const link = join(folder, 'link')
    symlinkSync(join(folder, 'notes'), link)
    assert.equal(await runs('', { command: { cwd: folder, args: ['-c', 'cat "$1"/a.md', 'sh', link] }, sandbox }), 'a note')
  })
  test('keys that lie beside its program stay covered, unless they are granted', async () => {
    const folder = folderOf({
      'package.json': '{"name":"a"}',
      'server.sh': 'cat .npmrc ./.git/config; ls',
      '.npmrc': 'canary',
      '.git/config': 'canary',
    })
    const target = { cwd: folder, args: [join(folder, 'server.sh')] }
    const shown = await runs('', { command: target })
    assert.doesNotMatch(shown, /canary/)
    assert.match(shown, /server\.sh/)
    assert.match(await runs('', { command: target, sandbox: granted({ read: [folder] }) }), /canarycanary/)
  })
  test('what is ours in what it may read is not there', async () => {
    const parent = folderOf()
    const before = dataDir
    dataDir = join(parent, 'data')
    mkdirSync(dataDir)
    writeFileSync(join(dataDir, 'master.key'), 'canary')
    try {
      const shown = await runs(`ls ${parent}; cat ${dataDir}/master.key`, { sandbox: granted({ read: [parent] }) })
      assert.match(shown, /data/)
      assert.doesNotMatch(shown, /canary/)
    } finally {
      dataDir = before
    }
  })
  test('what is given to it and hidden from it is said once for all its starts', async () => {
    said.length = 0
    const folder = folderOf({ 'x/': '' })
    const server = serverWith({ command: { args: ['-c', '', 'sh', folder] } })
    const keeper = createSandboxes({ dataDir, own: [], log: (_, text) => void said.push(text), clock: systemClock }).of(server)
    for (let start = 0; start < 2; start++)
      (await keeper.keep(server.target as Command))?.started(startChild({ command: 'true', args: [], cwd: '/', env: {} }))
    assert.equal(said.filter((text) => text.includes(`${basename(folder)} is given to it`)).length, 1)
  })
})
