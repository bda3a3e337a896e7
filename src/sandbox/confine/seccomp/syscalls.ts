/**
 * The system calls that the filter knows, by what becomes of them. The numbers are those of Linux' own tables
 * (arch/x86/entry/syscalls/syscall_64.tbl and include/uapi/asm-generic/unistd.h).
 *
 * @module
 */

export type Architecture = 'x64' | 'arm64'

/** Undefined: that architecture never had it. */
export interface Syscall {
  readonly name: string
  readonly x64: number
  readonly arm64: number | undefined
}

/** AUDIT_ARCH_X86_64 and AUDIT_ARCH_AARCH64 (audit.h). */
export const ARCHITECTURES: Readonly<Record<Architecture, number>> = { x64: 0xc000_003e, arm64: 0xc000_00b7 }

/** The last call that these lists were written for: removexattrat, 6.13. New calls have had the same number on both since 5.1. */
export const LAST_KNOWN = 466

export const REFUSED: readonly Syscall[] = [
  // Into other processes: their memory, their calls, their open files.
  { name: 'ptrace', x64: 101, arm64: 117 },
  { name: 'process_vm_readv', x64: 310, arm64: 270 },
  { name: 'process_vm_writev', x64: 311, arm64: 271 },
  { name: 'process_madvise', x64: 440, arm64: 440 },
  { name: 'process_mrelease', x64: 448, arm64: 448 },
  { name: 'pidfd_getfd', x64: 438, arm64: 438 },
  { name: 'kcmp', x64: 312, arm64: 272 },
  { name: 'migrate_pages', x64: 256, arm64: 238 },
  { name: 'move_pages', x64: 279, arm64: 239 },
  // Another root, other mounts, other namespaces.
  { name: 'mount', x64: 165, arm64: 40 },
  { name: 'umount2', x64: 166, arm64: 39 },
  { name: 'move_mount', x64: 429, arm64: 429 },
  { name: 'open_tree', x64: 428, arm64: 428 },
  { name: 'fsopen', x64: 430, arm64: 430 },
  { name: 'fsconfig', x64: 431, arm64: 431 },
  { name: 'fsmount', x64: 432, arm64: 432 },
  { name: 'fspick', x64: 433, arm64: 433 },
  { name: 'mount_setattr', x64: 442, arm64: 442 },
  { name: 'pivot_root', x64: 155, arm64: 41 },
  { name: 'chroot', x64: 161, arm64: 51 },
  { name: 'setns', x64: 308, arm64: 268 },
  // Files by number, past every folder that says who may pass.
  { name: 'open_by_handle_at', x64: 304, arm64: 265 },
  { name: 'name_to_handle_at', x64: 303, arm64: 264 },
  { name: 'fanotify_init', x64: 300, arm64: 262 },
  // The machine itself.
  { name: 'acct', x64: 163, arm64: 89 },
  { name: 'adjtimex', x64: 159, arm64: 171 },
  { name: 'clock_adjtime', x64: 305, arm64: 266 },
  { name: 'clock_settime', x64: 227, arm64: 112 },
  { name: 'create_module', x64: 174, arm64: undefined },
  { name: 'delete_module', x64: 176, arm64: 106 },
  { name: 'finit_module', x64: 313, arm64: 273 },
  { name: 'get_kernel_syms', x64: 177, arm64: undefined },
  { name: 'init_module', x64: 175, arm64: 105 },
  { name: 'ioperm', x64: 173, arm64: undefined },
  { name: 'iopl', x64: 172, arm64: undefined },
  { name: 'kexec_file_load', x64: 320, arm64: 294 },
  { name: 'kexec_load', x64: 246, arm64: 104 },
  { name: 'lookup_dcookie', x64: 212, arm64: 18 },
  { name: 'modify_ldt', x64: 154, arm64: undefined },
  { name: 'nfsservctl', x64: 180, arm64: 42 },
  { name: 'query_module', x64: 178, arm64: undefined },
  { name: 'quotactl', x64: 179, arm64: 60 },
  { name: 'quotactl_fd', x64: 443, arm64: 443 },
  { name: 'reboot', x64: 169, arm64: 142 },
  { name: 'setdomainname', x64: 171, arm64: 162 },
  { name: 'sethostname', x64: 170, arm64: 161 },
  { name: 'settimeofday', x64: 164, arm64: 170 },
  { name: 'swapoff', x64: 168, arm64: 225 },
  { name: 'swapon', x64: 167, arm64: 224 },
  { name: 'syslog', x64: 103, arm64: 116 },
  { name: 'uselib', x64: 134, arm64: undefined },
  { name: 'vhangup', x64: 153, arm64: 58 },
  // Keys: the keyring of a session is not of any namespace (keyrings(7)).
  { name: 'add_key', x64: 248, arm64: 217 },
  { name: 'keyctl', x64: 250, arm64: 219 },
  { name: 'request_key', x64: 249, arm64: 218 },
  // Where the kernel's own faults have been found again and again.
  { name: 'bpf', x64: 321, arm64: 280 },
  { name: 'perf_event_open', x64: 298, arm64: 241 },
  { name: 'userfaultfd', x64: 323, arm64: 282 },
]

/** As if this kernel were older: what calls them goes on without. */
export const ABSENT: readonly Syscall[] = [
  // Its flags are behind a pointer, where no filter can look; the C library then uses clone.
  { name: 'clone3', x64: 435, arm64: 435 },
  // Its mode is behind a pointer, too; nobody needs it.
  { name: 'openat2', x64: 437, arm64: 437 },
  // What it does passes by every filter.
  { name: 'io_uring_enter', x64: 426, arm64: 426 },
  { name: 'io_uring_register', x64: 427, arm64: 427 },
  { name: 'io_uring_setup', x64: 425, arm64: 425 },
  // Memory that stays when nobody has mapped it: neither RLIMIT_DATA nor the size of a process shows it.
  { name: 'memfd_create', x64: 319, arm64: 279 },
  { name: 'memfd_secret', x64: 447, arm64: 447 },
  { name: 'msgget', x64: 68, arm64: 186 },
  { name: 'semget', x64: 64, arm64: 190 },
  { name: 'shmget', x64: 29, arm64: 194 },
]

/** What is refused depends on how they are called. */
export const CLONE: Syscall = { name: 'clone', x64: 56, arm64: 220 }
export const UNSHARE: Syscall = { name: 'unshare', x64: 272, arm64: 97 }
/** glibc's posix_fallocate then writes, and what is written is counted (`disk-watch.ts`). */
export const FALLOCATE: Syscall = { name: 'fallocate', x64: 285, arm64: 47 }
export const IOCTL: Syscall = { name: 'ioctl', x64: 16, arm64: 29 }
/** Which argument says the mode of a file, by call. */
export const MODES: readonly (readonly [call: Syscall, argument: 1 | 2])[] = [
  [{ name: 'chmod', x64: 90, arm64: undefined }, 1],
  [{ name: 'fchmod', x64: 91, arm64: 52 }, 1],
  [{ name: 'fchmodat', x64: 268, arm64: 53 }, 2],
  [{ name: 'fchmodat2', x64: 452, arm64: 452 }, 2],
  [{ name: 'creat', x64: 85, arm64: undefined }, 1],
  [{ name: 'mknod', x64: 133, arm64: undefined }, 1],
  [{ name: 'mknodat', x64: 259, arm64: 33 }, 2],
]
/** Where it says one only if its flags, the argument before, say that a file may be made. */
export const OPENS: readonly (readonly [call: Syscall, flags: 1 | 2, argument: 2 | 3])[] = [
  [{ name: 'open', x64: 2, arm64: undefined }, 1, 2],
  [{ name: 'openat', x64: 257, arm64: 56 }, 2, 3],
]
export const MMAP: Syscall = { name: 'mmap', x64: 9, arm64: 222 }
export const PERSONALITY: Syscall = { name: 'personality', x64: 135, arm64: 92 }
export const SOCKET: Syscall = { name: 'socket', x64: 41, arm64: 198 }
export const SOCKETPAIR: Syscall = { name: 'socketpair', x64: 53, arm64: 199 }

/** To start a process otherwise than by `clone`, or what has no name. */
export const FORKING: readonly Syscall[] = [
  { name: 'fork', x64: 57, arm64: undefined },
  { name: 'vfork', x64: 58, arm64: undefined },
  { name: 'execveat', x64: 322, arm64: 281 },
]
