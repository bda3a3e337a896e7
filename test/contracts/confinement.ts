/** What every confinement must do, as far as its depth holds it: each attack beside what is allowed and has to work. @module */

import assert from 'node:assert/strict'
import {
  chmodSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  realpathSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs'
import { createServer, type Server } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { startChild } from '../../src/process/index.ts'
import type { Confinement, Program, SandboxOptions } from '../../src/sandbox/index.ts'
import { attempts, nodeProgram, runConfined } from '../support/confined.ts'

/** What a depth holds off. */
export type Held =
  | 'files'
  /** A link in a folder that may be written leads nowhere else. */
  | 'links'
  | 'network'
  /** It sees no process but its own, and no process sees what it was not given. */
  | 'processes'
  /** It starts no process that was not granted. */
  | 'starting'
  | 'memory'
  /** What is kept in files in memory has a size. */
  | 'scratch'

export interface ConfinementUnderTest {
  readonly holds: readonly Held[]
  /** What it adds to the environment. */
  readonly adds?: RegExp
  readonly skip?: string | false
}

export function describeConfinement(name: string, open: () => Confinement | Promise<Confinement>, under: ConfinementUnderTest): void {
  const held = (what: Held): { skip: string | false } => ({
    skip: under.skip || (!under.holds.includes(what) && `${name} does not hold it`),
  })

  describe(`confinement: ${name}`, { skip: under.skip ?? false }, () => {
    const folder = realpathSync(mkdtempSync(join(tmpdir(), 'confinement-')))
    const [data, beside, code] = ['data', 'data-beside', 'code'].map((each) => join(folder, each)) as [string, string, string]
    let confinement: Confinement
    let listener: Server
    let port = 0
    let heard = 0

    before(async () => {
      confinement = await open()
      for (const path of [data, beside, code]) {
        mkdirSync(path, { mode: 0o777 })
        writeFileSync(join(path, 'file'), 'content', { mode: 0o644 })
        writeFileSync(join(path, 'key'), 'secret', { mode: 0o644 })
      }
      // As root, what is confined is somebody else.
      if (process.getuid?.() === 0) for (const path of [folder, data, beside, code]) chmodSync(path, 0o777)
      listener = createServer((socket) => {
        heard += 1
        socket.destroy()
      }).listen(0, '127.0.0.1')
      await new Promise((listening) => listener.once('listening', listening))
      port = (listener.address() as { port: number }).port
    })
    after(() => {
      listener.close()
      rmSync(folder, { recursive: true, force: true })
    })

    const node = (script: string, sandbox?: SandboxOptions, more?: Partial<Program>): Program => nodeProgram(folder, script, sandbox, more)
    async function answers(expressions: Readonly<Record<string, string>>, sandbox?: SandboxOptions, more?: Partial<Program>) {
      const { output, errors } = await runConfined(confinement, node(attempts(expressions), sandbox, more))
      assert.ok(output.startsWith('{'), `it said nothing: ${errors}`)
      return JSON.parse(output) as Record<string, unknown>
    }
    const read = (path: string): string => `fs.readFileSync(${JSON.stringify(path)}, 'utf8')`
    const write = (path: string): string => `fs.writeFileSync(${JSON.stringify(path)}, 'written')`
    const isRefused = (answer: unknown): void =>
      assert.ok(
        ['ENOENT', 'EACCES', 'EPERM', 'EROFS', 'ERR_ACCESS_DENIED', 'ECONNREFUSED', 'ENETUNREACH'].includes(String(answer)),
        String(answer),
      )

    it('reads what it was granted and what it runs from, and nothing else', held('files'), async () => {
      const { granted, own, outside, sibling, secret, home, ...others } = await answers(
        {
          granted: read(join(data, 'file')),
          own: read(join(code, 'file')),
          outside: read(join(beside, 'file')),
          sibling: read(`${data}/../data-beside/file`),
          secret: read(join(code, 'key')),
          home: `fs.readdirSync(${JSON.stringify(process.env['HOME'] ?? '/root')})`,
          passwords: "fs.readFileSync('/etc/shadow')",
        },
        { read: ['data'] },
        { code: [code], hidden: [join(code, 'key')] },
      )
      assert.deepEqual([granted, own], ['content', 'content'])
      for (const answer of [outside, sibling, secret, ...Object.values(others)]) isRefused(answer)
      // An empty folder in its place is as good as none.
      if (!Array.isArray(home) || home.length > 0) isRefused(home)
    })

    it('writes where it may write, and nowhere else', held('files'), async () => {
      const { granted, scratch, outside, ...refused } = await answers(
        {
          granted: write(join(data, 'new')),
          scratch: "fs.writeFileSync(require('node:os').tmpdir() + '/new', '')",
          readOnly: write(join(beside, 'new')),
          code: write(join(code, 'new')),
          overwritten: write(join(code, 'file')),
          outside: write(join(folder, 'new')),
        },
        { write: ['data'], read: ['data-beside'] },
        { code: [code] },
      )
      assert.deepEqual([granted, scratch], ['done', 'done'])
      assert.notEqual(outside, undefined)
      assert.equal(readFileSync(join(data, 'new'), 'utf8'), 'written')
      for (const answer of Object.values(refused)) isRefused(answer)
      // What it wrote to a place that is only in its own memory is nowhere here.
      for (const path of [join(beside, 'new'), join(code, 'new'), join(folder, 'new')]) assert.ok(!existsSync(path), path)
      rmSync(join(data, 'new'))
    })

    it('has a home of its own, which is the same the next time and nobody else’s', held('files'), async () => {
      const home = join(folder, 'home')
      const kept = { home, identity: 'kept' }
      const { first } = await answers({ first: "fs.writeFileSync(process.env.HOME + '/kept', 'kept')" }, {}, kept)
      const { second } = await answers({ second: "fs.readFileSync(process.env.HOME + '/kept', 'utf8')" }, {}, kept)
      const { other } = await answers(
        { other: "fs.readFileSync(process.env.HOME + '/kept', 'utf8')" },
        {},
        { home: join(folder, 'another') },
      )
      assert.deepEqual([first, second], ['done', 'kept'])
      isRefused(other)
    })

    it('follows no link out of what it was granted', held('links'), async () => {
      symlinkSync(beside, join(data, 'there'))
      const {
        within,
        made,
        before: found,
      } = await answers(
        {
          within: `fs.symlinkSync('file', ${JSON.stringify(join(data, 'here'))}), ${read(join(data, 'here'))}`,
          made: `fs.symlinkSync(${JSON.stringify(beside)}, ${JSON.stringify(join(data, 'made'))}), ${read(join(data, 'made/file'))}`,
          before: read(join(data, 'there/file')),
        },
        { write: ['data'] },
      )
      assert.equal(within, 'content')
      for (const answer of [made, found]) isRefused(answer)
      for (const each of ['there', 'here', 'made']) rmSync(join(data, each), { force: true })
    })

    it('is handed the variables that it was given, and none of ours', async () => {
      process.env['OURS_ALONE'] = 'ours'
      const { names, given } = await answers(
        { names: 'Object.keys(process.env)', given: 'process.env.GIVEN' },
        {},
        { env: { GIVEN: 'given' } },
      )
      delete process.env['OURS_ALONE']
      assert.equal(given, 'given')
      assert.deepEqual(
        (names as string[]).filter((each) => !['GIVEN', 'HOME', 'PATH', 'PWD', 'TMPDIR'].includes(each) && under.adds?.test(each) !== true),
        [],
      )
    })

    it('reaches nothing that listens on this machine, and its own loopback', held('network'), async () => {
      const from = heard
      const { own, ...others } = await answers({
        own: "new Promise((done) => { const server = net.createServer((socket) => socket.end()).listen(0, '127.0.0.1', async () => done([await connect(server.address()), server.close()][0])) })",
        loopback: `connect({ host: '127.0.0.1', port: ${port} })`,
        any: `connect({ host: '0.0.0.0', port: ${port} })`,
        mapped: `connect({ host: '::ffff:127.0.0.1', port: ${port} })`,
        abroad: "connect({ host: '192.0.2.1', port: 80 })",
        datagram: `new Promise((done) => { const socket = dgram.createSocket('udp4'); socket.send('x', 53, '192.0.2.1', (error) => { socket.close(); done(error ? error.code : 'sent') }) })`,
      })
      assert.equal(own, 'connected')
      for (const answer of Object.values(others)) isRefused(answer)
      assert.equal(heard, from)
    })

    it('sees no process but its own, and sends a signal to none', held('processes'), async () => {
      const { own, ...others } = await answers({
        own: 'fs.readFileSync(`/proc/${process.pid}/cmdline`, "latin1").length > 0',
        ours: `fs.readFileSync('/proc/${process.pid}/environ')`,
        others: "fs.readdirSync('/proc').filter((each) => /^[0-9]+$/.test(each) && Number(each) > 64)",
        signal: `process.kill(${process.pid}, 0)`,
      })
      assert.equal(own, true)
      assert.deepEqual(others['others'], [])
      isRefused(others['ours'])
      assert.equal(others['signal'], 'ESRCH')
    })

    it('starts no program, unless it was granted', held('starting'), async () => {
      const start = "require('node:child_process').spawnSync('true').error?.code ?? 'started'"
      isRefused((await answers({ start }))['start'])
      assert.equal((await answers({ start }, { run: ['true'] }, { forks: true }))['start'], 'started')
    })

    it('uses the memory that it may, and is ended when it wants more', held('memory'), async () => {
      const keep = (mib: number): string =>
        `const kept = []; for (let i = 0; i < ${mib}; i += 10) kept.push(Buffer.alloc(10485760, 1)); setTimeout(() => process.stdout.write('all'), 500)`
      assert.equal((await runConfined(confinement, node(keep(60)))).output, 'all')
      const { output, ended, code: exit } = await runConfined(confinement, node(keep(4000)))
      assert.equal(output, '')
      assert.ok(ended === 'memory' || exit !== 0, String(ended))
    })

    it('keeps in memory what has room there, and no more', held('scratch'), async () => {
      const fill = (mib: number): string => `fs.writeFileSync('/tmp/filled', Buffer.alloc(${mib} * 1048576))`
      const { some, much } = await answers({ some: fill(8), much: fill(64) }, { scratchMb: 16 })
      assert.deepEqual([some, much], ['done', 'ENOSPC'])
    })

    it('is ended at once, when we say so, and says why', async () => {
      const confined = confinement.confine(node('process.stdout.write("running"); for (;;);'))
      const child = startChild(confined.command)
      confined.started(child)
      await new Promise((running) => child.stdout.once('data', running))
      assert.equal(confined.ended, undefined)
      confined.end('time')
      await new Promise((closed) => child.once('close', closed))
      confined.end('memory')
      assert.equal(confined.ended, 'time')
    })

    it('starts nothing where what was granted is not there', () => {
      assert.throws(() => confinement.confine(node('', { read: ['no-such'] })), ConfigError)
    })

    it('leaves no file behind', async () => {
      const { TMPDIR: usual } = process.env
      const temporary = join(folder, 'temporary')
      mkdirSync(temporary, { mode: 0o777 })
      process.env['TMPDIR'] = temporary
      try {
        assert.equal((await runConfined(confinement, node('process.stdout.write("ran")'))).output, 'ran')
      } finally {
        if (usual === undefined) delete process.env['TMPDIR']
        else process.env['TMPDIR'] = usual
      }
      assert.deepEqual(readdirSync(temporary), [])
    })
  })
}
