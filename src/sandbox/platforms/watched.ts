/**
 * A program that is confined by something else than bubblewrap, while it runs: watched as any other, and its folders are removed
 * when it has ended.
 *
 * @module
 */

import type { Command } from '../../process/index.ts'
import type { Confined, Program } from '../confine/confinement.ts'
import { watch } from '../confine/watch.ts'
import type { Folders } from './folders.ts'

/** `alone`: the command becomes the program itself, which starts no other. */
export function watched(command: Command, { grants, home, node }: Program, folders: Folders, alone: boolean): Confined {
  const watching = watch(grants, [...grants.write, home ?? folders.scratch], {
    alone,
    metered: node === true,
  })
  return {
    command,
    warnings: [],
    started(child) {
      child.once('exit', folders.remove).once('error', folders.remove)
      if (child.pid === undefined) folders.remove()
      watching.started(child)
    },
    begin: watching.begin,
    end: watching.end,
    get ended() {
      return watching.ended
    },
  }
}
