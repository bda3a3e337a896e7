/**
 * The limits that the kernel keeps for each process (setrlimit(2)), set by `prlimit` right before the program starts. What they
 * cannot bound, memory and processor time of all processes together, is watched (`watch.ts`).
 *
 * @module
 */

import type { Limits } from '../grants/grants.ts'

const MIB = 1024 * 1024
/**
 * V8 reserves room for its code and pointers when it starts, which counts as data though it is never used: with less, Node does
 * not start. Above this, a process has its memory.
 */
const RESERVED_MIB = 640
/** A single file may not be larger: what a program writes on and on ends here even between two looks at the disk. */
const LARGEST_FILE_MIB = 1024

export interface LimitOptions {
  /** Processes and threads that others have under the same user. */
  readonly othersProcesses: number
  /** Whether `cpuSeconds` are for as long as each process runs. */
  readonly cpuForEver: boolean
}

/** As arguments of `prlimit`. Both bounds, soft and hard, are the same: nothing can raise them. */
export function limitArguments(limits: Limits, { othersProcesses, cpuForEver }: LimitOptions): string[] {
  return [
    `--nproc=${limits.maxProcesses + othersProcesses}`,
    `--data=${(limits.memoryMb + RESERVED_MIB) * MIB}`,
    `--fsize=${Math.max(LARGEST_FILE_MIB, 4 * limits.scratchMb) * MIB}`,
    '--nofile=1024',
    // A dump of its memory would land outside, wherever the machine keeps them.
    '--core=0',
    `--memlock=${64 * 1024}`,
    // POSIX message queues are memory of the kernel's.
    '--msgqueue=0',
    ...(cpuForEver && limits.cpuSeconds !== undefined ? [`--cpu=${limits.cpuSeconds}`] : []),
  ]
}
