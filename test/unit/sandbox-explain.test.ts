// What is told of a sandbox before anything runs in it: by `explain`, by MCPServer.explain and by doctor.

import assert from 'node:assert/strict'
import { mkdirSync, readdirSync, realpathSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, test } from 'node:test'
import { pathToFileURL } from 'node:url'
import { checkSandbox, checkServerSandboxes } from '../../src/cli/checks/sandbox.ts'
import { explain } from '../../src/cli/commands/explain.ts'
import type { CliError } from '../../src/cli/errors.ts'
import { ConfigError } from '../../src/core/index.ts'
import { explainServers, loadConfig } from '../../src/gateway/index.ts'
import { type Confinement, openConfinement } from '../../src/sandbox/index.ts'
import { MCPServer } from '../../src/server/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { createTempDir, run, SALLYPORT, type TempDir } from '../support/index.ts'

verifies('sandbox-explained')

const posix = { skip: process.platform === 'win32' && 'there is no sandbox on Windows' }
const whole: Confinement = { depth: 'bubblewrap', missing: [], confine: () => assert.fail('nothing is started') }
const nodeOnly: Confinement = {
  depth: 'node-permission',
  missing: ['bubblewrap is not installed: apt-get install bubblewrap.', 'The network is open.'],
  confine: whole.confine,
}
const none: Confinement = { depth: 'none', missing: ['There is no sandbox on Windows: use WSL 2.'], confine: whole.confine }

async function withConfig(yaml: string): Promise<TempDir & { file: string }> {
  const temp = await createTempDir('explain')
  const path = realpathSync(temp.path)
  for (const name of ['notes', 'docs', 'app']) mkdirSync(join(path, name))
  writeFileSync(join(path, 'app/server.mjs'), '')
  const file = join(path, 'sallyport.yaml')
  writeFileSync(file, yaml)
  return Object.assign(temp, { path, file })
}
const load = (file: string) => loadConfig({ file, cwd: '/', env: { KEY: 'secret-value' } })

const YAML = `
servers:
  notes:
    command: node
    args: [app/server.mjs]
    env: { API_KEY: "\${env:KEY}" }
    sandbox: { read: [docs], write: [notes], net: ["api.example.com:443"], env: [TZ], run: [git], memoryMb: 512 }
  plain: { command: node, args: [app/server.mjs] }
  off: { command: node, args: [app/server.mjs], sandbox: { dangerouslyOff: true } }
  far: { url: "https://mcp.example.com/mcp" }
`

describe('a server of the configuration', posix, () => {
  test('that npx would start is explained as it is started: not at all, from the project, or from its pin', async () => {
    await using temp = await withConfig(`
servers:
  strange: { command: npx, args: [--registry, "http://127.0.0.1:1", x] }
  own: { command: npx, args: [own-server] }
  pinned: { command: npx, args: [own-server@1.0.0] }
  personal: { command: node, args: [app/server.mjs], env: { TOKEN: "\${user-secret:T}" }, perPerson: {} }
`)
    const own = join(temp.path, 'node_modules', 'own-server')
    mkdirSync(own, { recursive: true })
    writeFileSync(join(own, 'package.json'), JSON.stringify({ name: 'own-server', version: '9.9.9', bin: 'cli.js' }))
    writeFileSync(join(own, 'cli.js'), '')
    const [strange, project, pinned, personal] = explainServers(load(temp.file).servers, { confinement: whole, dataDir: temp.path })
    assert.equal(strange?.reach, undefined)
    assert.match(strange?.notes.join() ?? '', /is not started: npx .* --registry/)
    assert.match(project?.notes.join() ?? '', /has installed as own-server, whose bytes are not pinned/)
    assert.ok(project?.reach?.code.includes(join(temp.path, 'node_modules')), project?.reach?.code.join())
    assert.match(pinned?.notes.join() ?? '', /the package own-server@1\.0\.0, as it is pinned/)
    assert.equal(personal?.reach?.home, undefined)
  })

  test('is explained with everything that it was granted, and never with a value', async () => {
    await using temp = await withConfig(YAML)
    const dataDir = join(temp.path, 'data')
    const [notes, plain, off, far] = explainServers(load(temp.file).servers, {
      confinement: whole,
      dataDir,
      env: { PATH: process.env['PATH'] },
    })
    assert.equal(notes?.depth, 'bubblewrap')
    const { code, home, ...reach } = notes?.reach ?? assert.fail('it has a reach')
    assert.deepEqual(reach, {
      read: [join(temp.path, 'docs')],
      write: [join(temp.path, 'notes')],
      net: ['api.example.com:443'],
      env: ['API_KEY', 'PATH', 'TZ'],
      run: ['git'],
      limits: { memoryMb: 512, cpuSeconds: undefined, maxProcesses: 256, scratchMb: 256 },
    })
    assert.ok(
      code.some((path) => path === join(temp.path, 'app')),
      code.join(),
    )
    assert.match(home ?? '', /\/data\/sandbox\/notes-[0-9a-f]{8}\/home$/)
    assert.ok(!JSON.stringify(notes).includes('secret-value'))
    assert.deepEqual([plain?.reach?.read, plain?.reach?.write, plain?.reach?.net, plain?.reach?.run], [[], [], [], []])
    assert.deepEqual([off?.depth, off?.reach, far?.depth, far?.reach], ['none', undefined, 'elsewhere', undefined])
    assert.match(off?.notes.join() ?? '', /as it was told to\. It can do whatever you can/)
    assert.deepEqual(readdirSync(temp.path).includes('data'), false, 'nothing was made')
  })

  test('is told to run without a sandbox where there is none, and not to be started where one is demanded', async () => {
    await using temp = await withConfig(YAML)
    const explained = (confinement: Confinement) => explainServers(load(temp.file).servers, { confinement, dataDir: temp.path })
    const [notes, plain] = explained(none)
    assert.match(notes?.notes.join() ?? '', /is not started without a sandbox: There is no sandbox on Windows/)
    assert.match(plain?.notes.join() ?? '', /runs without a sandbox: There is no sandbox on Windows.*whatever you can/)
    const [granted, node] = explained(nodeOnly)
    assert.match(granted?.notes.join() ?? '', /not started in less than a whole sandbox: bubblewrap is not installed: apt-get/)
    assert.deepEqual([node?.depth, node?.missing], ['node-permission', nodeOnly.missing])
  })

  test('is checked by doctor: grants that are not there are problems, and no sandbox is a warning', needsBubblewrap, async () => {
    await using temp = await withConfig(YAML.replace('read: [docs]', 'read: [nowhere]'))
    const findings = await checkServerSandboxes(load(temp.file), join(temp.path, 'data'))
    assert.deepEqual(
      findings.map(({ status, name }) => [status, name]),
      [
        ['problem', 'notes'],
        ['ok', 'plain'],
        ['warning', 'off'],
      ],
    )
    assert.match(findings[0]?.found ?? '', /sallyport\.yaml:\d+: servers\.notes\.sandbox\.read: there is no .*nowhere/)
  })
})

describe('sallyport explain', needsBubblewrap, () => {
  const explained = (...args: string[]) =>
    run(process.execPath, [SALLYPORT, 'explain', ...args], { env: { ...process.env, NO_COLOR: '1' } })

  test('explains a command by its flags, for people and for programs', async () => {
    await using temp = await withConfig('servers: {}\n')
    const grants = ['--allow-read', join(temp.path, 'docs'), '--allow-net', 'api.example.com:443', '--allow-write', join(temp.path, 'gone')]
    const command = ['--', 'node', join(temp.path, 'app/server.mjs'), join(temp.path, 'notes')]
    const { stdout, code } = await explained(...grants, '--config', temp.file, ...command)
    assert.equal(code, 0)
    assert.match(stdout, /^ {2}sandbox +bubblewrap/m)
    assert.match(stdout, /^ {2}reads +\S+\/docs, \S+\/gone$/m)
    assert.match(stdout, /^ {2}connects +api\.example\.com:443$/m)
    assert.match(stdout, /\/notes is given to it, and it cannot see it: add --allow-read/)
    assert.match(stdout, /^ {13}There is no \S+\/gone: it is not started until there is\.$/m)
  })

  test('explains one server of a configuration, and knows no other', async () => {
    await using temp = await withConfig(YAML)
    const env = { ...process.env, KEY: 'x', NO_COLOR: '1' }
    const one = await run(process.execPath, [SALLYPORT, 'explain', '--config', temp.file, 'plain', '--json'], { env })
    assert.deepEqual(
      JSON.parse(one.stdout).servers.map(({ name }: { name: string }) => name),
      ['plain'],
    )
    process.env['KEY'] = 'x'
    await assert.rejects(explain(['nobody'], false, { config: temp.file }), (error: CliError) => {
      delete process.env['KEY']
      assert.deepEqual(
        [error.code, error.message, error.fix],
        ['E-USAGE', 'there is no server nobody', 'there are: notes, plain, off, far'],
      )
      return true
    })
  })
})

describe('MCPServer.explain', posix, () => {
  test('tells of a function that it can reach everything, and of a module what it was granted', async () => {
    await using temp = await createTempDir('explain')
    const path = realpathSync(temp.path)
    mkdirSync(join(path, 'data'))
    writeFileSync(join(path, 'convert.mjs'), 'export default () => 1')
    writeFileSync(join(path, '.env'), 'KEY=1')
    const server = new MCPServer({
      log: false,
      dataDir: join(path, 'kept'),
      tools: [
        { name: 'inline', timeoutSeconds: 5, execute: () => 1 },
        {
          name: 'convert',
          timeoutSeconds: 2,
          execute: new URL('convert.mjs', `${pathToFileURL(path).href}/`),
          sandbox: { read: ['data'], net: ['api.example.com:443'], env: ['TZ'] },
        },
      ],
    })
    const [inline, convert] = await server.explain()
    assert.equal(inline?.depth, 'process')
    assert.match(inline?.text ?? '', /everything that the server itself can reach, with a deadline of 5 s\./)
    assert.equal(convert?.depth, (await openConfinement()).depth)
    const { limits, ...reach } = convert?.reach ?? assert.fail('it has a reach')
    assert.deepEqual(reach, {
      read: [join(path, 'data')],
      write: [],
      net: ['api.example.com:443'],
      env: ['TZ'],
      run: [],
      code: reach.code,
      home: undefined,
    })
    assert.equal(limits.timeoutMs, 2000)
    assert.match(convert?.text ?? '', /^convert\n {2}sandbox /)
    assert.match(convert?.text ?? '', /^ {2}starts {5}nothing is granted$/m)
    assert.match(convert?.text ?? '', /does not see \S+\/\.env/)
    assert.deepEqual(
      (await server.explain('inline')).map(({ name }) => name),
      ['inline'],
    )
    await assert.rejects(server.explain('other'), /there is no tool "other"/)
  })
})

test('code that callers send is explained as what runs it', posix, async () => {
  const execute = (): [] => []
  const tools = [{ name: 'get_orders', execute }, { name: 'get_slowly', task: 'required', execute } as const, { name: 'refund', execute }]
  const server = new MCPServer({ log: false, tools, code: { tools: ['get_*'], memoryMb: 32 } })
  const all = await server.explain()
  assert.deepEqual(
    all.map(({ name, depth }) => [name, depth === 'process']),
    [
      ['get_orders', true],
      ['get_slowly', true],
      ['refund', true],
      ['run_code', false],
    ],
  )
  const [code] = await server.explain('run_code')
  assert.deepEqual([code?.reach?.read, code?.reach?.net, code?.reach?.limits.memoryMb], [[], [], 32])
  assert.match(code?.text ?? '', /It can call get_\*, which comes to get_orders, as its caller may: 50 calls at most/)
  assert.deepEqual(code?.calls, ['get_orders'], 'a call that always is a task cannot be made by code')
})

describe('doctor', () => {
  const works = async () => ({ works: true, version: '0.8.0', confinement: whole }) as const
  const machine = async (confinement: Confinement) => (await checkSandbox(works, async () => confinement))[0]

  test('says how deep the sandbox is', async () => {
    const found = await machine(whole)
    assert.equal(found?.status, 'ok')
    assert.match(found?.found ?? '', /^bubblewrap 0\.8\.0/)
  })

  test('says why it is not deeper, what is missing, and what mends it', async () => {
    const found = await machine(nodeOnly)
    assert.equal(found?.status, 'warning')
    assert.match(
      found?.found ?? '',
      /node-permission, which is less than it could be\. bubblewrap is not installed\. The network is open\./,
    )
    assert.equal(found?.fix, 'apt-get install bubblewrap')
    const refused = await machine({ ...nodeOnly, missing: ['This container may not (uid map: Permission denied): docker run --this.'] })
    assert.match(refused?.found ?? '', /This container may not \(uid map: Permission denied\)\.$/)
    assert.equal(refused?.fix, 'docker run --this')
    const nothing = await machine(none)
    assert.match(nothing?.found ?? '', /^there is none\. There is no sandbox on Windows/)
    assert.equal(nothing?.fix, 'use WSL 2')
  })

  test('says where it is not known', async () => {
    const late = new ConfigError(['bubblewrap did not come back: start again.'])
    assert.deepEqual(await checkSandbox(works, () => Promise.reject(late)), [
      {
        name: 'sandbox',
        status: 'problem',
        found: 'bubblewrap did not come back, so that it is not known how deep it is',
        fix: 'start again.',
      },
    ])
  })
})
