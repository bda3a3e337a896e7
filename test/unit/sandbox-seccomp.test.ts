// The filter of system calls: as a program, run by a small interpreter of classic BPF for both architectures; and for real.

import assert from 'node:assert/strict'
import { existsSync } from 'node:fs'
import { describe, it, test } from 'node:test'
import { filterOf, isFiltered } from '../../src/sandbox/confine/seccomp/filter.ts'
import { ALLOW, compile, errno, KILL } from '../../src/sandbox/confine/seccomp/program.ts'
import {
  ABSENT,
  ARCHITECTURES,
  type Architecture,
  CLONE,
  FALLOCATE,
  LAST_KNOWN,
  MMAP,
  MODES,
  REFUSED,
  SOCKET,
  UNSHARE,
} from '../../src/sandbox/confine/seccomp/syscalls.ts'
import { createBubblewrap, serverLimits, toGrants } from '../../src/sandbox/index.ts'
import { verifies } from '../requirements.ts'
import { needsBubblewrap } from '../support/bubblewrap.ts'
import { runConfined } from '../support/confined.ts'

verifies('sandbox-system-calls')

interface Call {
  readonly number: number
  readonly architecture: number
  readonly args?: readonly (number | bigint)[]
}

/** BPF as the kernel runs it (seccomp(2)): answers what the program returns. */
function answerOf(program: Uint8Array, { number, architecture, args = [] }: Call): number {
  const data = new DataView(new ArrayBuffer(64))
  data.setUint32(0, number, true)
  data.setUint32(4, architecture, true)
  for (const [index, value] of args.entries()) data.setBigUint64(16 + 8 * index, BigInt.asUintN(64, BigInt(value)), true)
  const code = new DataView(program.buffer, program.byteOffset, program.byteLength)
  let accumulator = 0
  for (let at = 0; at * 8 < program.length; at++) {
    const [operation, onTrue, onFalse, value] = [
      code.getUint16(at * 8, true),
      code.getUint8(at * 8 + 2),
      code.getUint8(at * 8 + 3),
      code.getUint32(at * 8 + 4, true),
    ]
    const jump = (is: boolean): unknown => (at += is ? onTrue : onFalse)
    if (operation === 0x20) accumulator = data.getUint32(value, true)
    else if (operation === 0x06) return value
    else if (operation === 0x15) jump(accumulator === value)
    else if (operation === 0x25) jump(accumulator > value)
    else if (operation === 0x45) jump((accumulator & value) !== 0)
    else assert.fail(`no such operation: ${operation}`)
  }
  return assert.fail('it ended without an answer')
}

const [EPERM, ENOSYS, EPROTONOSUPPORT, EOPNOTSUPP, EAFNOSUPPORT] = [1, 38, 93, 95, 97].map(errno)

test('a program answers with the first line that says so, and loads again what another line has replaced', () => {
  const program = compile([
    { field: 'number', is: 'equal', value: 1, lines: [{ field: 0, is: 'bits', value: 4, lines: [{ answer: 10 }] }] },
    { field: 'number', is: 'above', value: 5, lines: [{ answer: 11 }] },
    { field: 2, is: 'other', value: 7, lines: [{ answer: 12 }] },
    { answer: 13 },
  ])
  const answer = (number: number, ...args: number[]): number => answerOf(program, { number, architecture: 0, args })
  assert.equal(answer(1, 6), 10)
  assert.equal(answer(1, 3, 0, 8), 12)
  assert.equal(answer(1, 9, 0, 7), 13)
  assert.equal(answer(6), 11)
  assert.equal(answer(5), 12)
  assert.equal(answer(0, 4, 0, 7), 13)
})

for (const architecture of ['x64', 'arm64'] satisfies Architecture[]) {
  describe(`the filter on ${architecture}`, () => {
    const numbers: Readonly<Record<string, readonly [number, number]>> = {
      read: [0, 63],
      execve: [59, 221],
      clone: [56, 220],
      unshare: [272, 97],
      ioctl: [16, 29],
      personality: [135, 92],
      socket: [41, 198],
      socketpair: [53, 199],
      execveat: [322, 281],
      mmap: [9, 222],
      fallocate: [285, 47],
      fchmod: [91, 52],
      fchmodat: [268, 53],
      fchmodat2: [452, 452],
      mknodat: [259, 33],
      openat: [257, 56],
    }
    const programs = { forks: filterOf(architecture, { forks: true }), alone: filterOf(architecture, { forks: false }) }
    const of = (which: 'forks' | 'alone', name: string, ...args: (number | bigint)[]): number =>
      answerOf(programs[which], {
        number: (numbers[name] as readonly [number, number])[architecture === 'x64' ? 0 : 1],
        architecture: ARCHITECTURES[architecture],
        args,
      })

    it('ends what speaks for another architecture', () => {
      const other = ARCHITECTURES[architecture === 'x64' ? 'arm64' : 'x64']
      assert.equal(answerOf(programs.forks, { number: 0, architecture: other }), KILL)
      assert.equal(answerOf(programs.forks, { number: 0, architecture: 0x4000_0003 }), KILL) // i386
      if (architecture === 'x64') assert.equal(answerOf(programs.forks, { number: 0x4000_0000, architecture: ARCHITECTURES.x64 }), KILL)
    })
    it('refuses what it lists, does not know what is newer than it, and lets the rest pass', () => {
      const all = new Map<number, number>()
      for (const { [architecture]: number } of REFUSED) if (number !== undefined) all.set(number, EPERM as number)
      for (const { [architecture]: number } of ABSENT) if (number !== undefined) all.set(number, ENOSYS as number)
      const conditional = Object.values(numbers).map((pair) => pair[architecture === 'x64' ? 0 : 1])
      for (let number = 0; number < 600; number++) {
        if (conditional.includes(number)) continue
        const expected = number > LAST_KNOWN ? ENOSYS : (all.get(number) ?? ALLOW)
        assert.equal(answerOf(programs.forks, { number, architecture: ARCHITECTURES[architecture] }), expected, String(number))
      }
      assert.equal(of('alone', 'read'), ALLOW)
      assert.equal(of('alone', 'execve'), ALLOW)
    })
    it('makes no namespace, whichever and however it is asked for', () => {
      for (const bit of [0x2_0000, 0x200_0000, 0x400_0000, 0x800_0000, 0x1000_0000, 0x2000_0000, 0x4000_0000]) {
        assert.equal(of('forks', 'clone', bit | 17), EPERM)
        assert.equal(of('alone', 'clone', bit | 0x1_0000), EPERM)
        assert.equal(of('forks', 'unshare', bit), EPERM)
        // The kernel does not look at the upper half, nor do we.
        assert.equal(of('forks', 'unshare', (1n << 40n) | BigInt(bit)), EPERM)
      }
      assert.equal(of('forks', 'unshare', 0x80), EPERM)
      assert.equal(of('forks', 'unshare', 0x400), ALLOW) // CLONE_FILES
    })
    it('starts threads always, and processes where it may', () => {
      const THREAD = 0x3d_0f00
      assert.equal(of('forks', 'clone', 17), ALLOW)
      assert.equal(of('alone', 'clone', 17), EPERM)
      assert.equal(of('alone', 'clone', 0x4100 | 17), EPERM) // as vfork
      assert.equal(of('alone', 'clone', THREAD), ALLOW)
      assert.equal(of('forks', 'clone', THREAD), ALLOW)
      assert.equal(of('forks', 'execveat'), ALLOW)
      assert.equal(of('alone', 'execveat'), EPERM)
      if (architecture === 'x64')
        for (const number of [57, 58]) {
          assert.equal(answerOf(programs.alone, { number, architecture: ARCHITECTURES.x64 }), EPERM)
          assert.equal(answerOf(programs.forks, { number, architecture: ARCHITECTURES.x64 }), ALLOW)
        }
    })
    it('types into no terminal', () => {
      for (const request of [0x5412, 0x541c]) {
        assert.equal(of('forks', 'ioctl', 0, request), EPERM)
        assert.equal(of('forks', 'ioctl', 0, (1n << 32n) | BigInt(request)), EPERM)
      }
      assert.equal(of('forks', 'ioctl', 0, 0x5413), ALLOW)
    })
    it('opens sockets of the usual kinds alone', () => {
      for (const family of [2, 10]) {
        for (const protocol of [0, 6, 17]) assert.equal(of('forks', 'socket', family, 1, protocol), ALLOW)
        for (const protocol of [1, 33, 58, 132, 255, 262]) assert.equal(of('forks', 'socket', family, 1, protocol), EPROTONOSUPPORT)
      }
      assert.equal(of('forks', 'socket', 1, 1, 0), ALLOW)
      assert.equal(of('forks', 'socket', 16, 3, 0), ALLOW)
      for (const protocol of [4, 9, 12, 15, 16]) assert.equal(of('forks', 'socket', 16, 3, protocol), EPROTONOSUPPORT)
      for (const family of [0, 3, 15, 17, 21, 30, 31, 38, 40, 44]) assert.equal(of('forks', 'socket', family, 1, 0), EAFNOSUPPORT)
      assert.equal(of('forks', 'socketpair', 1, 1, 0), ALLOW)
      assert.equal(of('forks', 'socketpair', 30, 1, 0), EAFNOSUPPORT)
    })
    it('shares no memory that is nobody’s size, and takes no room on a disk without writing', () => {
      const map = (flags: number | bigint): number => of('alone', 'mmap', 0, 4096, 3, flags, -1, 0)
      for (const shared of [0x21, 0x23, 0x4021, (1n << 40n) | 0x21n]) assert.equal(map(shared), EPERM)
      // Private memory; a file, shared or not.
      for (const usual of [0x22, 0x4022, 0x1, 0x2, 0x3]) assert.equal(map(usual), ALLOW)
      assert.equal(of('forks', 'fallocate', 3, 0, 0, 1 << 30), EOPNOTSUPP)
    })
    it('makes no program that makes somebody else us', () => {
      const [file, O_CREAT, O_TMPFILE] = [0o100000, 0o100, 0o20200000]
      for (const [mode, expected] of [
        [0o755, ALLOW],
        [0o2755, ALLOW],
        [0o4755, EPERM],
        [0o6777, EPERM],
      ] as const) {
        assert.equal(of('forks', 'fchmod', 3, mode), expected)
        assert.equal(of('forks', 'fchmodat', -100, 0, mode), expected)
        assert.equal(of('forks', 'fchmodat2', -100, 0, mode, 0), expected)
        assert.equal(of('forks', 'mknodat', -100, 0, file | mode, 0), expected)
        for (const flags of [O_CREAT | 1, O_TMPFILE | 2]) assert.equal(of('forks', 'openat', -100, 0, flags, mode), expected)
        // Who makes none hands over whatever was there.
        assert.equal(of('forks', 'openat', -100, 0, 0, mode), ALLOW)
      }
      if (architecture === 'x64')
        for (const [number, args] of [
          [90, [0, 0o4755]],
          [85, [0, 0o4755]],
          [133, [0, file | 0o4755]],
          [2, [0, O_CREAT, 0o4755]],
        ] as const)
          assert.equal(answerOf(programs.forks, { number, architecture: ARCHITECTURES.x64, args }), EPERM, String(number))
    })
    it('keeps its addresses hard to guess', () => {
      assert.equal(of('forks', 'personality', 0xffff_ffff), ALLOW)
      assert.equal(of('forks', 'personality', 0), ALLOW)
      assert.equal(of('forks', 'personality', 0x4_0000), EPERM) // ADDR_NO_RANDOMIZE
    })
  })
}

const perl = { skip: needsBubblewrap.skip || (!existsSync('/usr/bin/perl') && 'there is no perl to make calls with') }

test('for real: what is refused is refused, and what is usual works', perl, async (t) => {
  const { arch } = process
  if (!isFiltered(arch)) return t.skip('there is no filter for this architecture')
  const number = (name: string): number => [...REFUSED, ...ABSENT].find((each) => each.name === name)?.[arch] as number
  // perlfunc, syscall: numbers go as they are; what is not there yet is 0.
  const calls: Readonly<Record<string, readonly [string, number]>> = {
    ptrace: [`${number('ptrace')}, 0, 0, 0, 0`, 1],
    mount: [`${number('mount')}, 0, 0, 0, 0, 0`, 1],
    keyctl: [`${number('keyctl')}, 0, -3, 1`, 1],
    io_uring_setup: [`${number('io_uring_setup')}, 8, 0`, 38],
    memfd_create: [`${number('memfd_create')}, 0, 0`, 38],
    unshare: [`${UNSHARE[arch]}, 0x10000000`, 1],
    clone: [`${CLONE[arch]}, 0x10000011, 0, 0, 0, 0`, 1],
    vsock: [`${SOCKET[arch]}, 40, 1, 0`, 97],
    socket: [`${SOCKET[arch]}, 2, 1, 0`, 0],
    shared: [`${MMAP[arch]}, 0, 4096, 3, 0x21, -1, 0`, 1],
    setuid: [`${MODES[1]?.[0][arch]}, 1, 04755`, 1],
    fallocate: [`${FALLOCATE[arch]}, 1, 0, 0, 4096`, 95],
    newer: ['4000, 0', 38],
  }
  const script = Object.entries(calls)
    .map(([name, [args]]) => `$! = 0; my $${name} = syscall(${args}); print "${name}=", ($${name} < 0 ? $! + 0 : 0), "\n";`)
    .join('\n')
  const program = { command: '/usr/bin/perl', args: ['-e', script], cwd: '/', env: {}, code: [], forks: true }
  const { output, errors } = await runConfined(createBubblewrap(), { ...program, grants: toGrants({}, '/', serverLimits) })
  assert.deepEqual(
    output.trim().split('\n'),
    Object.entries(calls).map(([name, [, code]]) => `${name}=${code}`),
    errors,
  )
})
