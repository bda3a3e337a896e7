/** Stub: filled in next. @module */
import type { ChildProcess, ChildProcessWithoutNullStreams } from 'node:child_process'
import { signalGroup } from '../../process/index.ts'
import type { Grants } from '../grants/grants.ts'
import type { Ended } from './confinement.ts'

export interface Watched {
  started(child: ChildProcess): void
  begin(): void
  end(why: Ended): void
  readonly ended: Ended | undefined
}

export function watch(_grants: Grants, _written: readonly string[]): Watched {
  let ended: Ended | undefined
  let running: ChildProcess | undefined
  return {
    started(child) {
      running = child
    },
    begin() {},
    end(why) {
      if (ended !== undefined) return
      ended = why
      if (running !== undefined) signalGroup(running as ChildProcessWithoutNullStreams, 'SIGKILL')
    },
    get ended() {
      return ended
    },
  }
}
