// Bounds of what runs confined: those of the kernel, and those that a watch keeps over all of its processes together.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { existsSync, mkdtempSync, readdirSync, realpathSync, rmdirSync, unlinkSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, test } from 'node:test'
import { startChild } from '../../src/process/index.ts'
import { isFiltered } from '../../src/sandbox/confine/seccomp/filter.ts'
import { createBubblewrap, type Ended, type Program, type SandboxOptions, serverLimits, toGrants } from '../../src/sandbox/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { nodeProgram, runConfined } from '../support/confined.ts'
import { until } from '../support/until.ts'

verifies('sandbox-bounds')

const shell = (script: string, sandbox: SandboxOptions = {}): Program => ({
  command: 'sh',
  args: ['-c', script],
  cwd: '/',
  env: {},
  grants: toGrants(sandbox, '/', serverLimits),
  code: [],
  forks: true,
})
const node = (script: string, sandbox?: SandboxOptions): Program => nodeProgram('/', script, sandbox)
const run = (program: Program) => runConfined(createBubblewrap(), program)

/** What is within its bounds stays long enough to be looked at several times, in seconds. */
const SHORT = 0.5
/** What goes too far is ended long before. */
const LONG = 30

// `tail` keeps a line that does not end, and the pipe stays open until everything has been looked at.
const keeping = (processes: number, bytes: number, seconds: number): string =>
  `for i in $(seq ${processes}); do (head -c ${bytes} /dev/zero; sleep ${seconds}) | tail -n 1 >/dev/null & done; wait; echo done`

const hasPerl = existsSync('/usr/bin/perl')
const perl = { skip: needsBubblewrap.skip || (!hasPerl && 'there is no perl to make calls with') }
const wait = (seconds: number): string => `select undef, undef, undef, ${seconds}`
const perlProgram = (script: string, sandbox: SandboxOptions = {}): Program => ({
  ...shell('', sandbox),
  command: '/usr/bin/perl',
  args: ['-e', script],
})

// Most of the time they wait for what the watch sees: together they wait once.
describe('what runs confined', { concurrency: 4 }, () => {
  test('memory of all its processes together is bounded, and not only of each', needsBubblewrap, async () => {
    assert.equal((await run(shell(keeping(1, 50_000_000, SHORT), { memoryMb: 128 }))).output, 'done\n')
    const { ended, output } = await run(shell(keeping(8, 50_000_000, LONG), { memoryMb: 128 }))
    assert.deepEqual([ended, output], ['memory', ''])
  })

  test('there are as many processes as it may have, and the others are not started', needsBubblewrap, async () => {
    const start = 'n=0; for i in $(seq 60); do sleep 5 & n=$((n+1)); echo $n; done 2>/dev/null'
    const few = await run(shell(`(${start}) | head -n 8; kill -9 -1`, { maxProcesses: 32 }))
    assert.equal(few.output, '1\n2\n3\n4\n5\n6\n7\n8\n')
    const many = await run(shell(start, { maxProcesses: 32 }))
    const started = many.output.trim().split('\n').map(Number)
    assert.ok(Math.max(...started) >= 8 && Math.max(...started) < 32, many.output)
  })

  test('a piece of work has its own processor time, and what uses more is ended', needsBubblewrap, async () => {
    const burning = `require('node:readline').createInterface(process.stdin).on('line', () => {
    const from = process.cpuUsage()
    for (let used = 0; used < 400_000; ) { const { user, system } = process.cpuUsage(from); used = user + system }
    console.log('burnt')
  }); console.log('ready')`
    async function burn(begins: boolean): Promise<{ times: number; ended: Ended | undefined }> {
      const confined = createBubblewrap().confine(node(burning, { cpuSeconds: 1 }))
      const child = startChild(confined.command)
      confined.started(child)
      child.stdin.on('error', () => {})
      let output = ''
      child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
      const times = (): number => output.split('burnt').length - 1
      await until('it is ready', () => output.startsWith('ready'), 30_000)
      for (let time = 1; time <= 3; time++) {
        if (begins) confined.begin()
        child.stdin.write('\n')
        await until('it has burnt, or was ended', () => times() === time || confined.ended !== undefined, 30_000)
      }
      if (!begins) await until('it was ended', () => confined.ended !== undefined, 30_000)
      child.kill('SIGKILL')
      return { times: times(), ended: confined.ended }
    }
    assert.deepEqual(await burn(true), { times: 3, ended: undefined })
    assert.equal((await burn(false)).ended, 'cpu')
  })

  test('of what is never a piece of work, each process has its own processor time', needsBubblewrap, async () => {
    const { code, ended } = await run(shell('exec sh -c "while :; do :; done"', { cpuSeconds: 1 }))
    // SIGKILL, by the kernel.
    assert.deepEqual([code, ended], [137, undefined])
  })

  test('files without content are bounded, too', needsBubblewrap, async () => {
    const files = (count: number, seconds: number): string =>
      `for (let n = 0; n < ${count}; n++) fs.writeFileSync('/tmp/' + n, ''); console.log('done'); setTimeout(() => {}, ${seconds * 1000})`
    assert.deepEqual((await run(node(files(1000, SHORT)))).output, 'done\n')
    assert.equal((await run(node(files(200_000, LONG)))).ended, 'disk')
  })

  test('no file is larger than any of it needs, and nothing is left of a crash', needsBubblewrap, async () => {
    const limits = "grep -E 'file size|core file|open files|locked|msgqueue' /proc/self/limits"
    const { output } = await run(shell(limits))
    const soft = Object.fromEntries(
      output
        .trim()
        .split('\n')
        .map((line) => [line.slice(4, 26).trim(), line.slice(26, 47).trim()]),
    )
    assert.deepEqual(soft, {
      'file size': '1073741824',
      'core file size': '0',
      'open files': '1024',
      'locked memory': '65536',
      'msgqueue size': '0',
    })
  })

  test('memory is counted of a process whose first thread has ended, too', perl, async (t) => {
    const { arch } = process
    if (!isFiltered(arch)) return t.skip('there is no filter for this architecture')
    const keeping = (count: number, seconds: number): string => `use threads;
    threads->create(sub { ${wait(0.2)}; my @kept; push @kept, 'x' x 50_000_000 for 1..${count}; print "kept\\n"; $| = 1; print ""; ${wait(seconds)}; kill 9, $$ });
    syscall(${arch === 'x64' ? 60 : 93}, 0)`
    if ((await run(perlProgram('use threads; print "ok"'))).output !== 'ok') return t.skip('this perl has no threads')
    assert.deepEqual([(await run(perlProgram(keeping(1, SHORT), { memoryMb: 300 }))).ended], [undefined])
    const { ended, output } = await run(perlProgram(keeping(12, LONG), { memoryMb: 300 }))
    assert.deepEqual([ended, output], ['memory', ''])
  })

  test('what waits in sockets is memory, too', perl, async () => {
    const sockets = (count: number, seconds: number): string => `use Socket;
    for (1..${count}) { socketpair(my $one, my $other, AF_UNIX, SOCK_STREAM, 0) or die; push @kept, $one, $other }
    $| = 1; print "open"; ${wait(seconds)}`
    assert.deepEqual((await run(perlProgram(sockets(120, SHORT), { memoryMb: 128 }))).ended, undefined)
    assert.deepEqual((await run(perlProgram(sockets(480, LONG), { memoryMb: 128 }))).ended, 'memory')
  })

  test('who was started last and has ended hides nothing', perl, async () => {
    const script = 'fork or exit; select undef, undef, undef, .2; for (1..200000) { open F, ">", "/tmp/$_" or die "full" } sleep 30'
    assert.equal((await run(perlProgram(script))).ended, 'disk')
  })

  const small = { skip: perl.skip || (process.getuid?.() !== 0 && 'only root mounts a small one'), concurrency: 1 }
  describe('a disk that it may write to', small, () => {
    const disk = realpathSync(mkdtempSync(join(tmpdir(), 'disk-')))
    before(() => execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256m,nr_inodes=40000,mode=1777', 'tmpfs', disk]))
    after(() => {
      execFileSync('umount', [disk])
      rmdirSync(disk)
    })
    const write = (script: string) => run(perlProgram(`chdir '${disk}'; ${script}; sleep ${LONG}`, { write: [disk] }))

    test('is not filled by processes that nobody waits for', async () => {
      const fill = (count: number): string => `$SIG{CHLD} = 'IGNORE'; ${wait(0.3)}; for (1..${count}) {
      fork or do { open F, '>', $_; syswrite F, 'x' x 4_000_000; exit }; select undef, undef, undef, .02 }`
      assert.equal((await write(`${fill(10)}; exit`)).ended, undefined)
      assert.equal((await write(fill(80))).ended, 'disk')
      for (const name of readdirSync(disk)) unlinkSync(join(disk, name))
    })
    test('nor are all of its places for files taken', async () => {
      const files = (count: number): string => `for (1..${count}) { open F, '>', $_ }`
      assert.equal((await write(`${files(1000)}; exit`)).ended, undefined)
      assert.equal((await write(files(50_000))).ended, 'disk')
    })
  })
})
