/**
 * The seam: how a program is kept to what it was granted. One implementation a platform; which one is in force is `depth`.
 *
 *   Program ─ confine ─▶ Confined: the command to start in its place, what to do once it runs, and why it was ended
 *
 * Fails closed: what cannot be confined as asked throws, and nothing is started.
 *
 * @module
 */

import type { ChildProcess } from 'node:child_process'
import type { SandboxEnd } from '../../core/index.ts'
import type { Command } from '../../process/index.ts'
import type { Grants } from '../grants/grants.ts'

/** How deep: what stands between a program and this machine. */
export type Depth = 'bubblewrap' | 'sandbox-runtime' | 'node-permission' | 'none'

/** Why a program was ended from outside. */
export type Ended = Exclude<SandboxEnd, 'crash'>

/** What is to run. */
export interface Program {
  readonly command: string
  readonly args: readonly string[]
  /** Where it runs: must be among what is visible, else `/`. */
  readonly cwd: string
  /** All of its environment: nothing is added but what says where its home and its network are. */
  readonly env: Readonly<Record<string, string>>
  readonly grants: Grants
  /** Files and folders that it needs in order to run at all: its package, its interpreter. Read only, never written. */
  readonly code: readonly string[]
  /** A folder of its own that stays: its home, made where it is not there. Without: its `/tmp`, which is in memory. */
  readonly home?: string | undefined
  /** Files and sockets of ours, by where it sees them: read only. In place of ours where it is a file of `/etc`. With bubblewrap alone. */
  readonly given?: Readonly<Record<string, string>> | undefined
  /** Files and folders among all that which stay unreadable: keys that lie beside the code. What comes to be there later ends it (`uncovered`). */
  readonly hidden?: readonly string[] | undefined
  /** Of what is hidden, what is replaced in the ordinary course of things and is no secret: that ends nothing. */
  readonly mayChange?: readonly string[] | undefined
  /** Whether it may listen on ports below 1024, of its own loopback: the bridge. */
  readonly lowPorts?: boolean | undefined
  /** Whether it may start processes. A tool may only with `run`. */
  readonly forks: boolean
  /** Node, started by us: Node's own permissions are switched on beside everything else. */
  readonly node?: boolean | undefined
  /** A stable name, from which a user of its own is made where we are root. Without: another one each time. */
  readonly identity?: string | undefined
}

export interface Confined {
  /** To be given to `startChild`. */
  readonly command: Command
  /** What it will not be able to do and how to mend that, a sentence each: a granted folder that its user cannot write. */
  readonly warnings: readonly string[]
  /** Watches over it from now on, and lets go of what was only needed to start it. Also where it could not be started. */
  started(child: ChildProcess): void
  /** A piece of work begins: from now on it may use `cpuSeconds` anew. Without, they are for as long as it runs. */
  begin(): void
  /** Why it was ended by us, where it was. */
  readonly ended: Ended | undefined
  /** Asks it to end, where a signal to what was started does not reach it. */
  readonly terminate?: (() => void) | undefined
  /** Ends it at once, with everything that it started. */
  end(why: Ended): void
}

export interface Confinement {
  readonly depth: Depth
  /** What this depth does not hold off, a sentence each: for warnings and `doctor`. Empty with bubblewrap. */
  readonly missing: readonly string[]
  /** @throws {ConfigError} where it cannot be confined as asked. */
  confine(program: Program): Confined
}
