/**
 * A program that is confined by something else than bubblewrap, while it runs: ended with everything in its group, and its folders
 * removed afterwards.
 *
 * @module
 */

import { type Command, signalGroup } from '../../process/index.ts'
import type { Confined, Ended, Program } from '../confine/confinement.ts'
import type { Folders } from './folders.ts'

export function watched(command: Command, _program: Program, folders: Folders): Confined {
  let ended: Ended | undefined
  let kill: () => void = () => {}
  return {
    command,
    warnings: [],
    started(child) {
      kill = () => signalGroup(child as Parameters<typeof signalGroup>[0], 'SIGKILL')
      child.once('exit', folders.remove).once('error', folders.remove)
      if (child.pid === undefined) folders.remove()
      if (ended !== undefined) kill()
    },
    begin: () => {},
    get ended() {
      return ended
    },
    end(why) {
      ended ??= why
      kill()
    },
  }
}
