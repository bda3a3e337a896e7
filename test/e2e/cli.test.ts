/** The command line as a person or a script meets it: its own process, on a data directory of its own. */

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { chmodSync, cpSync, existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { after, before, describe, test } from 'node:test'
import { createTempDir, type Finished, ROOT, run, SALLYPORT, type TempDir } from '../support/index.ts'

const sallyport = (
  args: readonly string[],
  options: { input?: string; env?: Record<string, string | undefined> } = {},
): Promise<Finished> =>
  run(process.execPath, [SALLYPORT, ...args], {
    env: { SALLYPORT_DATA_DIR: undefined, NO_COLOR: '1', ...options.env },
    input: options.input ?? '',
  })
const json = ({ stdout, stderr }: Finished) => {
  assert.equal(stdout.trimEnd().split('\n').length, 1, `exactly one line on stdout: ${stdout}${stderr}`)
  return JSON.parse(stdout)
}

describe('help and mistakes', () => {
  test('--version is the version of the package', async () => {
    const { code, stdout } = await sallyport(['--version'])
    assert.deepEqual(
      [code, stdout],
      [0, `${JSON.parse(execFileSync('cat', [join(ROOT, 'package.json')], { encoding: 'utf8' })).version}\n`],
    )
  })

  test('--help names every command', async () => {
    const { code, stdout } = await sallyport(['--help'])
    assert.equal(code, 0)
    for (const command of [
      'guard',
      'key',
      'user',
      'audit',
      'why',
      'doctor',
      'explain',
      'schema',
      'login',
      'logout',
      'tools',
      'call',
      'read',
      'prompt',
    ])
      assert.match(stdout, new RegExp(`^  ${command} `, 'm'))
  })

  test('the help of every command fits a terminal of eighty columns: options and what they say', async () => {
    for (const command of ['login', 'tools', 'call', 'read', 'prompt']) {
      const { stdout } = await sallyport([command, '--help'])
      const [, options] = /\nOptions:\n([^]*?)\n\n/.exec(stdout) ?? []
      assert.ok(options)
      assert.deepEqual(
        options.split('\n').filter((line) => line.length > 80),
        [],
      )
    }
  })

  // How quick it is, the benchmark measures (goal: 200 ms); what would make it slow is told by what it loads.
  test('--help loads nothing that only some commands need', async () => {
    await using folder = await createTempDir('loaded')
    const told = join(folder.path, 'loaded')
    const script = `import{appendFileSync}from'node:fs';import{registerHooks}from'node:module';
      registerHooks({load(url,context,next){appendFileSync(${JSON.stringify(told)},url+'\\n');return next(url,context)}})`
    const { code } = await run(process.execPath, ['--import', `data:text/javascript,${encodeURIComponent(script)}`, SALLYPORT, '--help'])
    assert.equal(code, 0)
    const packages = readFileSync(told, 'utf8').matchAll(/node_modules\/((?:@[^/]+\/)?[^/]+)/g)
    assert.deepEqual([...new Set(Array.from(packages, ([, name]) => name))].filter((name) => name !== 'sallyport').toSorted(), [
      'commander',
      'zod',
    ])
  })

  test('a mistake is one error with one fix, on stderr, with exit code 2', async () => {
    for (const [args, message] of [
      [[], /a command is missing/],
      [['gaurd'], /unknown command 'gaurd' \(Did you mean guard\?\)/],
      [['key', 'create'], /required option '--name <name>'.*\nfix: see `sallyport key create --help`/],
      [['guard', 'npx', '-y', 'server'], /put `--` before the command/],
      [['audit', 'search', '--limit', '0'], /--limit must be a whole number/],
      [['audit', 'search', '--decision', 'maybe'], /--decision must be allow, deny or error/],
      [['audit', 'search', '--since', 'yesterday'], /--since must be a span of time/],
      [['guard', '--port', '70000', 'http://localhost:1/mcp'], /--port must be a whole number/],
    ] as const) {
      const { code, stdout, stderr } = await sallyport(args)
      assert.equal(code, 2, args.join(' '))
      assert.equal(stdout, '')
      assert.match(stderr, /error\[E-USAGE\]: .*\nfix: .*\n$/)
      assert.match(stderr, message)
    }
  })

  test('with --json a mistake is one object', async () => {
    const { error } = json(await sallyport(['gaurd', '--json']))
    assert.equal(error.code, 'E-USAGE')
    assert.equal(typeof error.fix, 'string')
  })
})

describe('before set-up, and on an old Node', () => {
  const OLD = "data:text/javascript,Object.defineProperty(process,'versions',{value:{...process.versions,node:'20.20.2'}})"

  /** A copy of `bin/` in a folder of its own, as a checkout or as an installed package. */
  async function copy(kind: 'checkout' | 'package'): Promise<TempDir> {
    const temp = await createTempDir('bin')
    cpSync(join(ROOT, 'bin'), join(temp.path, 'bin'), { recursive: true })
    const main = join(temp.path, kind === 'checkout' ? 'src/cli/main.ts' : 'dist/cli/main.js')
    mkdirSync(join(main, '..'), { recursive: true })
    writeFileSync(join(temp.path, 'package.json'), '{"type":"module"}')
    writeFileSync(main, "console.log('started', process.argv.slice(2).join())")
    return temp
  }
  const started = (temp: TempDir, ...flags: string[]) => run(process.execPath, [...flags, join(temp.path, 'bin/sallyport.js'), '--version'])

  test('a checkout that is not set up says how to set it up', async () => {
    await using temp = await copy('checkout')
    for (const flags of [[], ['--import', OLD]]) {
      const { code, stderr } = await started(temp, ...flags)
      assert.equal(code, 2)
      assert.match(stderr, /^error\[E-SETUP\]: .*\nfix: run `npm start` or `npm test` once/)
    }
  })

  test('an old Node hands over to the Node of the lock file, and says what is missing where there is none', async () => {
    await using temp = await copy('checkout')
    mkdirSync(join(temp.path, 'node_modules/commander'), { recursive: true })
    const without = await started(temp, '--import', OLD)
    assert.equal(without.code, 2)
    assert.match(without.stderr, /^error\[E-NODE\]: Sallyport needs Node 24 or later, and this is Node 20\.20\.2\nfix: /)

    const place = join(temp.path, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin')
    mkdirSync(place, { recursive: true })
    cpSync(process.execPath, join(place, 'node'))
    assert.deepEqual(await started(temp, '--import', OLD), { code: 0, stdout: 'started --version\n', stderr: '' })
  })

  test('the installed package runs what was built, and refuses an old Node', async () => {
    await using temp = await copy('package')
    assert.deepEqual(await started(temp), { code: 0, stdout: 'started --version\n', stderr: '' })
    const { code, stderr } = await started(temp, '--import', OLD)
    assert.equal(code, 2)
    assert.match(stderr, /^error\[E-NODE\]/)
  })
})

describe('keys, accounts and the audit', () => {
  let temp: TempDir
  let data: readonly string[]
  before(async () => {
    temp = await createTempDir('cli')
    data = ['--data-dir', join(temp.path, 'data')]
  })
  after(() => temp.remove())

  test('looking at a folder that is not there neither makes it nor calls it empty', async () => {
    for (const args of [
      ['key', 'list'],
      ['user', 'list'],
      ['audit', 'search'],
      ['audit', 'verify'],
      ['why', 'dec_1'],
    ]) {
      const { code, stderr } = await sallyport([...args, ...data])
      assert.equal(code, 1)
      assert.match(stderr, /^error\[E-NOT-FOUND\]/)
    }
    assert.equal(existsSync(join(temp.path, 'data')), false)
  })

  test('a key is shown once, and lists and audit never show its secret', async () => {
    const created = json(await sallyport(['key', 'create', '--name', 'ci', '--scope', 'tools:read', '--role', 'ops', ...data, '--json']))
    assert.deepEqual(Object.keys(created), ['id', 'key'])
    assert.match(created.key, new RegExp(`^spk_${created.id}_[0-9A-Za-z]{38}$`))
    const secret = created.key.slice(13)
    for (const args of [
      ['key', 'list'],
      ['key', 'list', '--json'],
      ['audit', 'search'],
      ['audit', 'search', '--json'],
    ]) {
      const { code, stdout, stderr } = await sallyport([...args, ...data])
      assert.equal(code, 0)
      assert.match(stdout, new RegExp(created.id))
      assert.doesNotMatch(stdout + stderr, new RegExp(secret))
    }
    const [key] = json(await sallyport(['key', 'list', ...data, '--json'])).keys
    assert.deepEqual([key.name, key.scopes, key.roles], ['ci', ['tools:read'], ['ops']])
    assert.equal(Math.round((key.expiresAt - key.createdAt) / 86_400_000), 90)
    assert.equal('mac' in key, false)
  })

  test('a scope that is probably a slip is pointed out', async () => {
    const { code, stderr } = await sallyport(['key', 'create', '--name', 'slip', '--scope', 'tool:read', ...data])
    assert.equal(code, 0)
    assert.match(stderr, /^! tool:read is none of the standard scopes/)
  })

  test('a key may be for minutes; then it says at what time it ends', async () => {
    const args = ['key', 'create', '--name', 'short', '--scope', 'tools:read', '--expires', '3m', ...data]
    assert.match((await sallyport(args)).stderr, /good until \d{4}-\d\d-\d\d \d\d:\d\d:\d\dZ\./)
    const { keys } = json(await sallyport(['key', 'list', ...data, '--json']))
    const key = keys.find(({ name }: { name: string }) => name === 'short')
    assert.equal(key.expiresAt - key.createdAt, 180_000)
    const wrong = await sallyport(args.with(7, 'tomorrow'))
    assert.match(wrong.stderr, /--expires must be a span of time up to ten years\nfix: write a number and s, m, h, d or w/)
  })

  test('a key ends once', async () => {
    const { id } = json(
      await sallyport(['key', 'create', '--name', 'brief', '--scope', 'tools:read', '--expires', '1d', ...data, '--json']),
    )
    assert.deepEqual(json(await sallyport(['key', 'revoke', id, ...data, '--json'])), { id, revoked: true })
    const again = await sallyport(['key', 'revoke', id, ...data])
    assert.equal(again.code, 1)
    assert.match(again.stderr, new RegExp(`^error\\[E-NOT-FOUND\\]: the key ${id} was revoked already\\n`))
    const unknown = await sallyport(['key', 'revoke', 'zzzzzzzz', ...data])
    assert.match(unknown.stderr, /^error\[E-NOT-FOUND\]: there is no key zzzzzzzz\n/)
  })

  test('an account is made from stdin, once, and its password is long enough', async () => {
    const add = (name: string, password: string) =>
      sallyport(['user', 'add', name, '--password-stdin', '--role', 'admin', ...data, '--json'], { input: password })
    assert.deepEqual(json(await add('ana', 'correct horse battery\n')), { name: 'ana', roles: ['admin'] })
    const twice = await add('Ana', 'another long password')
    assert.deepEqual([twice.code, json(twice).error.code], [1, 'E-EXISTS'])
    const short = await add('bob', 'short')
    assert.deepEqual([short.code, json(short).error.code], [2, 'E-USAGE'])
    assert.doesNotMatch(short.stdout + short.stderr, /\bshort\b/)
    assert.equal((await add('bob', '')).code, 2)
    const nobody = await sallyport(['user', 'add', 'bob', ...data])
    assert.match(nobody.stderr, /nobody is there to type a password/)
  })

  test('what the operator did is on record, and the record verifies', async () => {
    const { records } = json(await sallyport(['audit', 'search', ...data, '--json']))
    const actions = records.map(({ action }: { action: string }) => action).reverse()
    assert.deepEqual(actions, ['key.create', 'key.create', 'key.create', 'key.create', 'key.revoke', 'user.add'])
    const state = json(await sallyport(['audit', 'verify', ...data, '--json']))
    assert.deepEqual([state.intact, state.records], [true, 6])
    const explained = await sallyport(['why', records[0].id, ...data])
    assert.equal(explained.code, 0)
    assert.match(explained.stdout, /^ALLOW {2}.* · user\.add ana · /)
    const filtered = json(await sallyport(['audit', 'search', '--tool', 'ana', '--since', '1h', '--decision', 'allow', ...data, '--json']))
    assert.equal(filtered.records.length, 1)
    assert.deepEqual(json(await sallyport(['audit', 'search', '--decision', 'deny', ...data, '--json'])), { records: [] })
  })

  test('a data directory that the configuration names is the one that every command uses', async () => {
    await using folder = await createTempDir('config')
    writeFileSync(join(folder.path, 'sallyport.yaml'), 'dataDir: kept\n')
    const here = (...args: string[]) =>
      run(process.execPath, [SALLYPORT, ...args], { cwd: folder.path, env: { SALLYPORT_DATA_DIR: undefined, NO_COLOR: '1' } })
    assert.equal((await here('key', 'create', '--name', 'here', '--scope', 'tools:read')).code, 0)
    assert.ok(existsSync(join(folder.path, 'kept/sallyport.db')))
    assert.match((await here('key', 'list')).stdout, / here /)
  })

  test('what is kept is for its owner only', () => {
    const folder = join(temp.path, 'data')
    assert.equal(statSync(folder).mode & 0o777, 0o700)
    for (const file of readdirSync(folder)) assert.equal(statSync(join(folder, file)).mode & 0o077, 0, file)
  })

  test('doctor sees a key that others can read', async () => {
    const file = join(temp.path, 'data', 'master.key')
    const fine = json(await sallyport(['doctor', '--port', '0', ...data, '--json']))
    assert.equal(
      fine.findings.some(({ status }: { status: string }) => status === 'problem'),
      false,
    )
    chmodSync(file, 0o644)
    const bad = await sallyport(['doctor', '--port', '0', ...data])
    assert.equal(bad.code, 1)
    assert.match(bad.stdout, /✗ the master key .* others can read or change/)
    assert.match(bad.stdout, /fix: chmod 600 '.*master\.key'/)
    chmodSync(file, 0o600)
  })

  test('a record that was changed is found, named, and is exit code 8', async () => {
    const db = new DatabaseSync(join(temp.path, 'data', 'sallyport-audit.db'))
    const table = db.prepare("SELECT name, sql FROM sqlite_master WHERE type = 'table' AND sql LIKE '%hash%'").get() as { name: string }
    const columns = db.prepare(`PRAGMA table_info(${table.name})`).all() as { name: string; type: string }[]
    const body = columns.find(({ name }) => /record|body|json/.test(name))?.name ?? ''
    db.exec(`DROP TRIGGER IF EXISTS ${table.name}_append_only`)
    for (const { name } of db.prepare("SELECT name FROM sqlite_master WHERE type = 'trigger'").all() as { name: string }[])
      db.exec(`DROP TRIGGER ${name}`)
    db.exec(`UPDATE ${table.name} SET ${body} = replace(${body}, 'key.revoke', 'key.create')`)
    db.close()
    const broken = await sallyport(['audit', 'verify', ...data, '--json'])
    assert.equal(broken.code, 8)
    const { intact, brokenAt, error } = json(broken)
    assert.deepEqual([intact, brokenAt, error.code], [false, 5, 'E-CHAIN'])
  })
})
