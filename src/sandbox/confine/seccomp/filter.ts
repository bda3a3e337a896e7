/**
 * The system calls that a confined program does not get. Namespaces, mounts and its user hold it already; this takes away the parts
 * of the kernel that a program has no use for and in which ways out have been found, and the ways to memory that no limit counts.
 *
 * Fails closed: another architecture ends the process, a call that is newer than this list is not there.
 *
 * @module
 */

import { ALLOW, compile, errno, type Field, KILL, type Line } from './program.ts'
import {
  ABSENT,
  ARCHITECTURES,
  type Architecture,
  CLONE,
  FALLOCATE,
  FORKING,
  IOCTL,
  LAST_KNOWN,
  MMAP,
  MODES,
  OPENS,
  PERSONALITY,
  REFUSED,
  SOCKET,
  SOCKETPAIR,
  type Syscall,
  UNSHARE,
} from './syscalls.ts'

const EPERM = errno(1)
const ENOSYS = errno(38)
const EPROTONOSUPPORT = errno(93)
const EOPNOTSUPP = errno(95)
const EAFNOSUPPORT = errno(97)

// clone(2), unshare(2): CLONE_NEWNS, NEWCGROUP, NEWUTS, NEWIPC, NEWUSER, NEWPID, NEWNET.
const NEW_NAMESPACES = 0x7e02_0000
const NEW_TIME = 0x80
const CLONE_THREAD = 0x1_0000
const THE_X32_ABI = 0x4000_0000
// ioctl_tty(2): to type into a terminal, or to select and paste there (TIOCLINUX).
const TIOCSTI = 0x5412
const TIOCLINUX = 0x541c
// mmap(2): memory that processes share stays when none of them has it in its size any more (madvise(2), MADV_DONTNEED).
const MAP_SHARED = 0x1
const MAP_ANONYMOUS = 0x20
// A program in a granted folder that whoever starts it becomes us by (inode(7)). Inside nobody does: outside, anybody else here.
const S_ISUID = 0o4000
// open(2): O_CREAT, O_TMPFILE.
const MAKES_A_FILE = 0o100 | 0o20000000
const [UNIX, INET, INET6, NETLINK] = [1, 2, 10, 16]
const IP_PROTOCOLS = [0, 6, 17] // the family's own, TCP, UDP

const setuid = (argument: Field): Line => ({ field: argument, is: 'bits', value: S_ISUID, lines: [{ answer: EPERM }] })
const SHARED: Line = { field: 3, is: 'bits', value: MAP_SHARED, lines: [{ answer: EPERM }] }

export interface FilterOptions {
  /** Whether it may start processes. */
  readonly forks: boolean
}

export const isFiltered = (architecture: string): architecture is Architecture => Object.hasOwn(ARCHITECTURES, architecture)

export function filterOf(architecture: Architecture, { forks }: FilterOptions): Uint8Array {
  const on = (calls: readonly Syscall[], lines: readonly Line[]): Line[] =>
    calls.flatMap(({ [architecture]: value }) => {
      return value === undefined ? [] : [{ field: 'number', is: 'equal', value, lines }]
    })

  return compile([
    // The same kernel takes calls of 32 bits too, with numbers of their own.
    { field: 'architecture', is: 'other', value: ARCHITECTURES[architecture], lines: [answer(KILL)] },
    ...(architecture === 'x64' ? [{ field: 'number', is: 'above', value: THE_X32_ABI - 1, lines: [answer(KILL)] } as const] : []),
    { field: 'number', is: 'above', value: LAST_KNOWN, lines: [answer(ENOSYS)] },
    ...on(REFUSED, [answer(EPERM)]),
    ...on(ABSENT, [answer(ENOSYS)]),
    ...on([CLONE], cloneLines(forks)),
    ...(forks ? [] : on(FORKING, [answer(EPERM)])),
    ...on([UNSHARE], [{ field: 0, is: 'bits', value: NEW_NAMESPACES | NEW_TIME, lines: [answer(EPERM)] }, answer(ALLOW)]),
    ...on([MMAP], [{ field: 3, is: 'bits', value: MAP_ANONYMOUS, lines: [SHARED] }, answer(ALLOW)]),
    ...on([FALLOCATE], [answer(EOPNOTSUPP)]),
    ...MODES.flatMap(([call, argument]) => on([call], [setuid(argument), answer(ALLOW)])),
    ...OPENS.flatMap(([call, flags, argument]) =>
      on([call], [{ field: flags, is: 'bits', value: MAKES_A_FILE, lines: [setuid(argument)] }, answer(ALLOW)]),
    ),
    ...on([IOCTL], [...when(1, [TIOCSTI, TIOCLINUX], [answer(EPERM)]), answer(ALLOW)]),
    // personality(2): to ask which it is, or for the usual one. Others switch off what makes addresses hard to guess.
    ...on([PERSONALITY], [...when(0, [0, 0xffff_ffff], [answer(ALLOW)]), answer(EPERM)]),
    ...on(
      [SOCKET],
      [
        ...when(0, [UNIX], [answer(ALLOW)]),
        ...when(0, [INET, INET6], [...when(2, IP_PROTOCOLS, [answer(ALLOW)]), answer(EPROTONOSUPPORT)]),
        // NETLINK_ROUTE alone: the C library lists the interfaces with it.
        ...when(0, [NETLINK], [...when(2, [0], [answer(ALLOW)]), answer(EPROTONOSUPPORT)]),
        answer(EAFNOSUPPORT),
      ],
    ),
    ...on([SOCKETPAIR], [...when(0, [UNIX], [answer(ALLOW)]), answer(EAFNOSUPPORT)]),
    answer(ALLOW),
  ])
}

const answer = (code: number): Line => ({ answer: code })
const when = (field: Field, values: readonly number[], lines: readonly Line[]): Line[] =>
  values.map((value) => ({ field, is: 'equal', value, lines }))

function cloneLines(forks: boolean): Line[] {
  const thread: Line = { field: 0, is: 'bits', value: CLONE_THREAD, lines: [answer(ALLOW)] }
  return [{ field: 0, is: 'bits', value: NEW_NAMESPACES, lines: [answer(EPERM)] }, ...(forks ? [answer(ALLOW)] : [thread, answer(EPERM)])]
}
