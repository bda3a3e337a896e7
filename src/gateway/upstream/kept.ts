/**
 * The seam between a link to a child process and what keeps that child to what it was granted (`gateway/sandbox`).
 *
 * @module
 */

import type { ChildProcess } from 'node:child_process'
import type { Command } from '../../process/index.ts'
import type { Ended } from '../../sandbox/index.ts'

/** One start of a server in its sandbox. */
export interface Kept {
  /** What is started in the place of the server's own command. */
  readonly command: Command
  started(child: ChildProcess): void
  /** Why it was ended by us, where it was. */
  readonly ended: Ended | undefined
  /** Asks it to end, where a signal to what was started does not reach it. */
  readonly terminate: (() => void) | undefined
  /** What it did then, to go on from "it": `used more than 2048 MiB of memory`. */
  wordsFor(ended: Ended): string
  /** What it may have lacked, by its last words. A guess. */
  advice(lastWords: string): string | undefined
  /** It has ended: its way to the network is closed. */
  close(): void
}

/** Makes a sandbox for one start. `person`: whose process it is, where it is one person's. Undefined: it is started as it is. Throws `Unusable`. */
export type Keep = (command: Command, person?: string) => Promise<Kept | undefined>
