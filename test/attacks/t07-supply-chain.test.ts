// T07, T37: a package that a guarded server is run from. What nobody has chosen the version of is not started; what was pinned is
// started with those bytes alone, whoever changes them, wherever: at the registry, on the way, on the disk.

import assert from 'node:assert/strict'
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { gunzipSync, gzipSync } from 'node:zlib'
import type { LaunchQuestion } from '../../src/gateway/launch/index.ts'
import { verifies } from '../requirements.ts'
import { run } from '../support/child.ts'
import { SALLYPORT } from '../support/guard.ts'
import { createLaunchPlace, type LaunchPlace, output } from '../support/launches.ts'
import type { Package } from '../support/registry.ts'

verifies('T07')

const HELPER: Package = { name: 'helper', version: '1.0.0', files: { 'index.js': "exports.text = 'fine'\n" } }
const MAIL: Package = {
  name: 'acme-mail',
  version: '1.0.0',
  bin: './cli.js',
  dependencies: { helper: '^1.0.0' },
  files: {
    'cli.js': "console.log('mail 1', require('helper').text, require('node:fs').existsSync(__dirname + '/out') ? 'and a way out' : '')\n",
    out: { link: '/etc/passwd' },
  },
}
/** What it prints. */
const FINE = 'mail 1 fine \n'
/** The same tools, and a copy to somebody else. */
const STEALING: Package['files'] = { 'cli.js': "console.log('mail 1', 'bcc: thief@evil.example')\n" }
const EXACT = ['npx', '-y', 'acme-mail@1.0.0']

/** Where it was pinned and installed once, below a folder whose `.npmrc` names another registry: npm's runs are what takes the time here. */
let first: LaunchPlace
const published: (string | undefined)[] = []
before(async () => {
  first = await place()
  writeFileSync(join(first.folder, 'package.json'), '{}')
  writeFileSync(join(first.folder, '.npmrc'), 'registry=http://127.0.0.1:1\n')
  const { npm_config_registry: registry, ...env } = first.registry.env
  writeFileSync(env['npm_config_userconfig'] as string, `registry=${registry}\n`)
  const ask = (question: LaunchQuestion): boolean => {
    if (question.kind === 'package') published.push(question.published)
    return true
  }
  await first.start(['npx', 'acme-mail'], { ask, env: { npm_config_registry: undefined } })
})
after(() => first[Symbol.asyncDispose]())

/** Another machine of the same people: what is pinned is known, and installed. */
const pinned = (): Promise<LaunchPlace> => place(first)

async function place(from?: LaunchPlace): Promise<LaunchPlace> {
  const made = await createLaunchPlace(from)
  made.registry.publish(HELPER)
  made.registry.publish(MAIL)
  return made
}

const installed = ({ folder }: LaunchPlace, dataDir = 'data'): string => {
  const packages = join(folder, dataDir, 'packages')
  const [found] = existsSync(packages) ? readdirSync(packages).filter((name) => name.startsWith('acme-mail@')) : []
  return found === undefined ? '' : join(packages, found)
}

describe('T07: a version that nobody has chosen', () => {
  it('a range is refused where nobody can be asked, with the line that would do', async () => {
    await using made = await place()
    await assert.rejects(
      made.start(['npx', '-y', 'acme-mail@^1.0.0']),
      /is no exact version, and stands for acme-mail@1\.0\.0 today: write acme-mail@1\.0\.0, or start it once at a terminal/,
    )
    assert.equal(installed(made), '')
    assert.ok(!existsSync(made.lockFile))
  })

  it('so is a name alone: the command line ends with code 2, and starts nothing', async () => {
    await using made = await place()
    const { code, stderr } = await run(
      process.execPath,
      [SALLYPORT, 'guard', '--port', '0', '--data-dir', join(made.folder, 'data'), '--', 'npx', '-y', 'acme-mail'],
      { cwd: made.folder, env: { ...made.registry.env } },
    )
    assert.equal(code, 2, stderr)
    assert.match(stderr, /error\[E-CONFIG\]: acme-mail|error\[E-CONFIG\]: mail/)
    assert.match(stderr, /write acme-mail@1\.0\.0/)
    assert.equal(installed(made), '')
    for (const folder of ['', 'data']) assert.ok(!existsSync(join(made.folder, folder, 'sallyport.lock')))
  })

  it('who says no at the terminal has pinned nothing', async () => {
    await using made = await place()
    await assert.rejects(made.start(['npx', 'acme-mail'], { ask: () => false }), /which was not accepted/)
    assert.ok(!existsSync(made.lockFile))
  })

  for (const [what, words] of [
    ['a repository', ['npx', 'github:acme/mail']],
    ['a short repository', ['npx', 'acme/mail']],
    ['a URL', ['npx', 'https://evil.example/mail.tgz']],
    ['a folder', ['npx', './mail']],
    ['another name for it', ['npx', 'acme-mail@npm:evil@1.0.0']],
    ['a file', ['npx', 'acme-mail@file:../evil']],
    ['several', ['npx', '-p', 'acme-mail@1.0.0', '-p', 'evil@1.0.0', 'acme-mail']],
    ['a shell line', ['npx', '-c', 'acme-mail']],
    ['a registry of its own', ['npx', '--registry=https://evil.example', 'acme-mail@1.0.0']],
    ['options behind npm exec', ['npm', 'exec', 'acme-mail@1.0.0', '--registry', 'https://evil.example']],
    ['no package', ['npx', '-y']],
  ] as const)
    it(`${what} in its place is refused`, async () => {
      await using made = await place()
      await assert.rejects(made.start(words), { name: 'ConfigError' })
      assert.deepEqual(made.registry.requests(), [])
    })
})

describe('T07: what the registry cannot vouch for', () => {
  it('a package without a SHA-512 hash is refused', async () => {
    await using made = await place()
    made.registry.publish({ ...MAIL, integrity: 'none' })
    await assert.rejects(made.start(EXACT), /it cannot be pinned: what the registry says of it/)
    assert.equal(installed(made), '')
  })

  it('a dependency without one, too', async () => {
    await using made = await place()
    made.registry.publish({ ...HELPER, integrity: 'none' })
    await assert.rejects(made.start(EXACT), /it cannot be pinned/)
  })

  it('a dependency from somewhere else, too', async () => {
    await using made = await place()
    made.registry.publish({ ...MAIL, dependencies: { helper: `${made.registry.url}/helper/-/1.0.0.tgz` } })
    await assert.rejects(made.start(EXACT), /not from the registry/)
  })
})

describe('T07, T37: other bytes than were pinned', () => {
  it('an archive with one byte changed on its way is refused, and nothing of it stays, at the first start and on another machine', async () => {
    await using made = await pinned()
    await using fresh = await place()
    const change = (archive: Buffer): Buffer => {
      const bytes = gunzipSync(archive)
      bytes.writeUInt8(bytes.readUInt8(600) ^ 1, 600)
      return gzipSync(bytes)
    }
    for (const one of [fresh, made]) {
      one.registry.tamper('acme-mail', '1.0.0', change)
      await assert.rejects(
        one.start(EXACT, { dataDir: 'other' }),
        /its bytes at the registry are not those that were pinned\. Nothing was installed/,
      )
      assert.equal(installed(one, 'other'), '')
    }
  })

  it('the same version published anew with another program, the same tools and a true hash is refused on every other machine', async () => {
    await using made = await pinned()
    made.registry.publish({ ...MAIL, files: STEALING })
    await assert.rejects(made.start(EXACT, { dataDir: 'other' }), /are not those that were pinned/)
    assert.equal(installed(made, 'other'), '')
    // The machine that has it goes on with what it has.
    assert.equal(output(await made.start(EXACT)), FINE)
    // The same of what it depends on.
    made.registry.publish(MAIL)
    made.registry.publish({ ...HELPER, files: { 'index.js': "exports.text = 'evil'\n" } })
    await assert.rejects(made.start(EXACT, { dataDir: 'another' }), /are not those that were pinned/)
  })

  it('a newer dependency that its range would take is not taken', async () => {
    await using made = await pinned()
    made.registry.publish({ ...HELPER, version: '1.0.1', files: { 'index.js': "exports.text = 'evil'\n" } })
    assert.equal(output(await made.start(EXACT, { dataDir: 'other' })), FINE)
  })

  it('a link in an archive leads nowhere', async () => {
    assert.ok(MAIL.files?.['out'])
    await using made = await pinned()
    assert.equal(output(await made.start(EXACT)), FINE)
    assert.deepEqual(made.registry.requests(), [])
  })
})

describe('T07: an installed package that somebody changed', () => {
  const changes: Readonly<Record<string, (folder: string) => void>> = {
    'a byte of its program': (folder) => appendFileSync(join(folder, 'node_modules', 'acme-mail', 'cli.js'), ' '),
    'a byte of what it depends on': (folder) => appendFileSync(join(folder, 'node_modules', 'helper', 'index.js'), ' '),
    'a file that was not there': (folder) => writeFileSync(join(folder, 'node_modules', 'helper', 'index.json'), '{}'),
    'a package beside': (folder) => symlinkSync('/etc', join(folder, 'node_modules', 'os-name')),
    'a file that is gone': (folder) => rmSync(join(folder, 'node_modules', 'helper', 'index.js')),
    'a program that became a link': (folder) => {
      const cli = join(folder, 'node_modules', 'acme-mail', 'cli.js')
      renameSync(cli, join(folder, '..', '..', 'elsewhere.js'))
      symlinkSync(join(folder, '..', '..', 'elsewhere.js'), cli)
    },
  }
  it('is not started, whatever was changed; installed again, it is', async () => {
    await using made = await pinned()
    const folder = installed(made)
    const saved = join(made.folder, 'saved')
    cpSync(folder, saved, { recursive: true, verbatimSymlinks: true })
    for (const [what, change] of Object.entries(changes)) {
      change(folder)
      await assert.rejects(
        made.start(EXACT),
        /cannot be started: (?:the installed files of acme-mail@1\.0\.0 are not those|it has a link)/,
        what,
      )
      rmSync(folder, { recursive: true })
      cpSync(saved, folder, { recursive: true, verbatimSymlinks: true })
      assert.equal(output(await made.start(EXACT)), FINE, what)
    }
    rmSync(folder, { recursive: true })
    assert.equal(output(await made.start(EXACT)), FINE)
  })

  it('and not either where the lock file names another hash for it', async () => {
    await using made = await pinned()
    const text = readFileSync(made.lockFile, 'utf8')
    const lock = JSON.parse(text)
    const other = `sha512-${Buffer.alloc(64, 7).toString('base64')}`
    for (const platform of Object.keys(lock.packages['acme-mail@1.0.0'].installed))
      lock.packages['acme-mail@1.0.0'].installed[platform] = other
    writeFileSync(made.lockFile, JSON.stringify(lock))
    await assert.rejects(made.start(EXACT), /are not those that were pinned/)
    await assert.rejects(made.start(EXACT, { dataDir: 'other' }), /is not what was pinned on another machine of this kind/)
    assert.equal(installed(made, 'other'), '')
  })

  it('a lock file whose pin is not what its name says is no lock file', async () => {
    await using made = await pinned()
    const lock = JSON.parse(readFileSync(made.lockFile, 'utf8'))
    for (const [what, break_] of Object.entries({
      'a version from elsewhere': (tree: Record<string, { version: string }>) =>
        (tree['node_modules/helper'] = { version: 'https://evil.example/x.tgz' }),
      'no hash': (tree: Record<string, { version: string }>) => (tree['node_modules/helper'] = { version: '1.0.0' }),
      'another version': (tree: Record<string, { version: string }>) =>
        (tree['node_modules/acme-mail'] = { ...(tree['node_modules/acme-mail'] as { version: string }), version: '6.6.6' }),
      'a place outside': (tree: Record<string, { version: string }>) => (tree['../evil'] = { version: '1.0.0' }),
    })) {
      const copy = structuredClone(lock)
      break_(copy.packages['acme-mail@1.0.0'].tree)
      writeFileSync(made.lockFile, JSON.stringify(copy))
      await assert.rejects(made.start(EXACT), /is not a sallyport\.lock/, what)
    }
  })
})

describe('T07: a lock file that somebody changed', () => {
  it('does not make a dependency one without a hash', async () => {
    await using made = await pinned()
    const lock = JSON.parse(readFileSync(made.lockFile, 'utf8'))
    const pin = lock.packages['acme-mail@1.0.0']
    delete pin.tree['node_modules/helper'].integrity
    pin.tree['node_modules/helper'].inBundle = true
    pin.installed = {}
    writeFileSync(made.lockFile, JSON.stringify(lock))
    made.registry.publish({ ...HELPER, files: { 'index.js': "exports.text = 'stolen'\n" } })
    await assert.rejects(made.start(EXACT, { dataDir: 'other' }), /that nothing vouches for/)
    assert.equal(installed(made, 'other'), '')
    // The twin: one that came in an archive whose hash is known.
    made.registry.publish({
      ...MAIL,
      version: '2.0.0',
      bundleDependencies: ['helper'],
      files: {
        ...MAIL.files,
        'node_modules/helper/package.json': JSON.stringify({ name: 'helper', version: '1.0.0' }),
        'node_modules/helper/index.js': "exports.text = 'bundled'\n",
      },
    })
    assert.equal(output(await made.start(['npx', 'acme-mail@2.0.0'])), 'mail 1 bundled \n')
  })
})

describe('T07: what npm would run while it looks', () => {
  it('a dependency on a repository is refused before git is started: what git is, a repository can say', async () => {
    await using made = await place()
    const programs = join(made.folder, 'bin')
    const started = join(made.folder, 'git-was-started')
    mkdirSync(programs)
    writeFileSync(join(programs, 'git'), `#!/bin/sh\ntouch '${started}'\nexit 1\n`, { mode: 0o755 })
    for (const from of ['git+https://127.0.0.1:1/gone.git', `github:acme/gone#${'a'.repeat(40)}`]) {
      made.registry.publish({ ...MAIL, dependencies: { gone: from } })
      await assert.rejects(
        made.start(EXACT, { env: { PATH: `${programs}:${process.env['PATH']}` } }),
        /depends on something that is not from the registry/,
        from,
      )
    }
    assert.ok(!existsSync(started))
  })

  it('a .npmrc above the data directory says nothing', () => {
    assert.match(installed(first), /acme-mail@1\.0\.0/)
    assert.deepEqual(published, ['2026-01-02T03:04:05.000Z'])
  })
})
