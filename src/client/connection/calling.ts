/** All that a program may ask of its server, over one session: lists, calls, watching, and what is kept of them. @module */

import type { JsonObject } from '../../core/index.ts'
import { createSealing, type Sealing, type SealingOptions } from '../sealing/sealing.ts'
import type { Credential } from '../sign-in/credential.ts'
import { createResultCache } from './cache.ts'
import { createChanges } from './changes.ts'
import type { ConnectOptions, Target } from './connect.ts'
import { createKnownTools } from './known-tools.ts'
import { createLargeArgumentNotice } from './large-arguments.ts'
import { createLists, type Lists, type ToolGate } from './lists.ts'
import { createRequests, type Requests } from './requests.ts'
import { createServerLog, type ServerLogEntry } from './server-log.ts'
import { createSession, type Session } from './session.ts'
import type { WatchContext } from './watch.ts'

export interface Calling {
  readonly session: Session
  readonly lists: Lists
  readonly requests: Requests
  readonly watching: WatchContext
  /** The user accepts these definitions: what was remembered of their encrypted fields goes with it. */
  accepted(tools: ReadonlyMap<string, JsonObject>): Promise<void>
}

export interface CallingOptions extends Omit<ConnectOptions, 'onRound' | 'pause' | 'prepare' | 'opened'> {
  readonly onLog: ((entry: ServerLogEntry) => void) | undefined
  /** From which size on an argument is warned of; 0: never. */
  readonly largeArgumentBytes: number
  /** Who judges tools before they are shown and called; asked for anew each time. */
  readonly gate: () => ToolGate | undefined
  readonly encryption: Omit<SealingOptions, 'server' | 'list'>
}

export function createCalling({ onLog, gate, largeArgumentBytes, encryption, ...options }: CallingOptions): Calling {
  const { host, log, target, maxMessageBytes: maxBytes } = options
  let rounds = 0
  const cache = createResultCache({ rounds: () => rounds })
  const changes = createChanges()
  const serverLog = createServerLog(onLog)
  const known = createKnownTools({ host, log })
  const sealing: Sealing = createSealing({ ...encryption, server: host, list: async () => lists.rawTools({ cache: 'refresh' }) })
  changes.subscribe((change) => cache.forget(change.type === 'resource' ? `read ${change.uri}` : `list ${change.type}/`))
  changes.subscribe((change) => {
    if (change.type !== 'tools') return
    gate()?.forget()
    sealing.changed()
  })
  const session = createSession({
    ...options,
    target: noticing(target, () => cache.clear()),
    onRound: () => void rounds++,
    onDrop() {
      cache.clear()
      gate()?.forget()
      sealing.forget()
    },
    onEnd() {
      gate()?.forget()
      sealing.forget()
    },
    prepare(client) {
      changes.install(client)
      serverLog.install(client)
    },
    opened: (client) => serverLog.opened(client),
  })
  const lists = createLists({ session, cache, known, sealing, serverLog, gate, host, maxBytes })
  const notice = createLargeArgumentNotice({ host, log, bytes: largeArgumentBytes })
  const requests = createRequests({ notice, session, lists, cache, known, sealing, serverLog, gate })
  return { session, lists, requests, watching: { session, changes, host, timeoutMs: options.requestTimeoutMs }, accepted: sealing.accept }
}

/** Says when another token goes out than before: what was kept for the one is not for the other (2026-07-28 caching §cacheScope). */
function noticing(target: Target, onOther: () => void): Target {
  if (target.kind === 'stdio') return target
  const { credential } = target
  let before: string | undefined
  const notice = <P extends { readonly token: string | undefined } | undefined>(presented: P): P => {
    if (presented && presented.token !== before) onOther()
    if (presented) before = presented.token
    return presented
  }
  const watched: Credential = {
    ...credential,
    present: async (request) => notice(await credential.present(request)),
    renew: async (request, refusal) => notice(await credential.renew(request, refusal)),
  }
  return { ...target, credential: watched }
}
