/**
 * The process of one person, handed their own secrets. It ends when it takes no more calls and those that run have ended, or have had
 * their time.
 *
 * @module
 */

import type { Decision, Produced } from '../../core/index.ts'
import { type Command, createUpstream, sentences, type Upstream, type UpstreamCall, type UpstreamOptions } from '../upstream/index.ts'
import { hasStarted, type Idle, idleAfter } from './idle.ts'

export interface PersonProcess extends Idle {
  readonly user: string
  readonly upstream: Upstream
  /** What it was started with. */
  readonly handed: string
  /** Resolves when it has answered, or has failed once. */
  readonly started: Promise<void>
  /** It takes no more calls: another takes its place, or none. */
  readonly hasEnded: boolean
  call(call: UpstreamCall): Promise<Decision<Produced>>
  /** Takes no more calls. Resolves when it is gone: once those that run have ended, or `graceMs` have passed. */
  end(graceMs: number): Promise<void>
  /** Those that run get no more time. */
  endNow(): void
  /** Gives its place back, once it is gone. */
  leave(): void
}

export interface PersonProcessOptions extends Omit<UpstreamOptions, 'target' | 'prepare'> {
  readonly user: string
  readonly target: Command
  /** The person's own, by variable. */
  readonly values: Readonly<Record<string, string>>
  /** It has answered for the first time. */
  readonly ready: () => void
  readonly leave: () => void
  /** For calls while it has never answered. */
  readonly notStarted: Decision<never>
}

export function startPersonProcess(options: PersonProcessOptions): PersonProcess {
  const { server, user, target, values, keep, log, clock, ready, leave, notStarted } = options
  const { promise: quiet, resolve: endNow } = Promise.withResolvers<void>()
  let calls = 0
  let idleSince = clock()
  let hasEnded = false
  const upstream = createUpstream({
    ...options,
    // Nothing that one process keeps is another's to read.
    keep: keep && ((command) => keep(command, user)),
    target: { ...target, env: { ...target.env, ...values } },
    log: (level, message, fields) => log(level, message, { ...fields, user }),
  })
  const started = upstream.start().then(() => {
    if (upstream.state === 'ready') ready()
  })

  return {
    user,
    upstream,
    handed: JSON.stringify(values),
    started,
    get calls() {
      return calls
    },
    get idleSince() {
      return idleSince
    },
    get hasEnded() {
      return hasEnded
    },
    async call(call) {
      calls++
      let since: number | undefined
      try {
        if (upstream.state === 'starting' && !(await hasStarted(started, call, clock))) return sentences.down(server)
        if (upstream.state !== 'ready' && upstream.session === undefined) return notStarted
        const outcome = await upstream.call(call)
        since = idleAfter(outcome, clock())
        return outcome
      } finally {
        calls--
        idleSince = Math.max(idleSince, since ?? clock())
        if (hasEnded && calls === 0) endNow()
      }
    },
    async end(graceMs) {
      hasEnded = true
      if (calls === 0 || graceMs === 0) endNow()
      const grace = setTimeout(endNow, graceMs)
      try {
        await quiet
        await upstream.close()
      } finally {
        clearTimeout(grace)
      }
    },
    endNow,
    leave,
  }
}
