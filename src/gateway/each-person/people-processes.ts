/**
 * One upstream that is a process for each person: a stdio server takes its identity from its environment and keeps it, so that two
 * people can never share one. A process is started with the first call of its person, with their own secrets, and ends when it has
 * had nothing to do for a while. What it offers is read from one of them, since it is the same program.
 *
 * Fails closed: a call without a person, or of one who has not set what is needed, starts nothing; and no call ever reaches a process
 * that was started for somebody else.
 *
 * @module
 */

import { allow, type Decision, deny, type Produced, problemOf } from '../../core/index.ts'
import { needsPerson } from '../credentials/credentials.ts'
import type { SecretBook } from '../secrets/book.ts'
import { commandFor, needs } from '../secrets/need.ts'
import { namesOf, type Templates } from '../secrets/template.ts'
import {
  type Command,
  type ListKind,
  type Session,
  sentences,
  type Upstream,
  type UpstreamCall,
  type UpstreamOptions,
} from '../upstream/index.ts'
import { IDLE_SECONDS, isIdle, longestIdle, sweepMs } from './idle.ts'
import { type PersonProcess, startPersonProcess } from './person-process.ts'
import { createPlaces } from './places.ts'

export interface PeopleProcessesOptions extends Omit<UpstreamOptions, 'target' | 'prepare'> {
  readonly target: Command
  /** Its variables that hold secrets. */
  readonly templates: Templates
  readonly book: SecretBook
  /** Under which account pages are; undefined: there are none. */
  readonly accountBase: () => string | undefined
  /** How many processes at once; 32 unless told. */
  readonly processes?: number | undefined
  /** How long one may have nothing to do; ten minutes unless told. */
  readonly idleSeconds?: number | undefined
}

export const PROCESSES = 32
/** How long calls may go on that run when a secret changes. */
const GRACE_MS = 10_000
/** Of people whose secret it does not start with, before the next change. */
const MOST_ATTEMPTS = 3
const ALL: readonly ListKind[] = ['tools', 'prompts', 'resources']

export function createPeopleProcesses(options: PeopleProcessesOptions): Upstream {
  const { server, templates, book, accountBase, log, clock, stale } = options
  const { processes = PROCESSES, idleSeconds = IDLE_SECONDS } = options
  const people = new Map<string, PersonProcess>()
  const opening = new Map<string, Promise<Decision<PersonProcess>>>()
  const ending = new Map<PersonProcess, Promise<void>>()
  const places = createPlaces(processes, () => ending.size > 0 || endLongestIdle())
  /** Whose process the lists are read from. */
  let shown: PersonProcess | undefined
  let session: Session | undefined
  let reading: Promise<void> | undefined
  let state: 'starting' | 'open' | 'closed' = 'starting'
  let timer: NodeJS.Timeout | undefined
  let stopFollowing: () => void = () => {}
  const isClosed = (): boolean => state === 'closed'

  function ownOf(user: string): Promise<Decision<PersonProcess>> {
    const own = people.get(user)
    if (own) return Promise.resolve(allow(own))
    let under = opening.get(user)
    if (!under) opening.set(user, (under = open(user).finally(() => opening.delete(user))))
    return under
  }

  async function open(user: string): Promise<Decision<PersonProcess>> {
    let leave: (() => void) | undefined
    try {
      // What changes while it is read is read again; then nothing comes in between.
      for (let attempt = 0; attempt < 10; attempt++) {
        const at = book.changes
        const filled = await book.fill(templates, user)
        if ('missing' in filled) return needs(server, filled.missing, accountBase())
        // Who lacks something costs nobody a place.
        if (!(leave ??= await places.take())) return full(server)
        if (isClosed()) break
        if (at !== book.changes) continue
        book.used(templates, user)
        const own = begin(user, filled.values, leave)
        leave = undefined
        return allow(own)
      }
      return unavailable(`The server ${server} is not running at the moment. Try again later.`)
    } finally {
      leave?.()
    }
  }

  function begin(user: string, values: Readonly<Record<string, string>>, leave: () => void): PersonProcess {
    const own = startPersonProcess({
      ...options,
      user,
      values,
      leave,
      stale(kinds) {
        if (shown === own) stale(kinds)
        else if (!isShowing()) show(own)
      },
      ready() {
        if (!isShowing()) show(own)
      },
      notStarted: notStarted(server, templates),
    })
    people.set(user, own)
    return own
  }

  const isShowing = (): boolean => shown?.upstream.state === 'ready'
  function show(own: PersonProcess): void {
    shown = own
    session = own.upstream.session
    // Whoever waits for the start reads them anyway.
    if (state === 'open') stale(ALL)
  }

  /** Takes no more calls; ends once those that run have ended, or `graceMs` have passed. */
  function end(own: PersonProcess, graceMs: number): void {
    if (own.hasEnded) return
    people.delete(own.user)
    if (shown === own) {
      session = own.upstream.session ?? session
      shown = undefined
    }
    const gone = own.end(graceMs).finally(() => {
      ending.delete(own)
      own.leave()
    })
    ending.set(own, gone)
  }
  /** Answers whether there was one. */
  function endLongestIdle(): boolean {
    const longest = longestIdle(people.values(), clock())
    if (longest) end(longest, 0)
    return longest !== undefined
  }
  function endIdle(): void {
    const before = clock() - idleSeconds * 1000
    for (const own of people.values()) if (isIdle(own, before)) end(own, 0)
  }

  /** Something has changed: who is handed something else now gets another process; who has nothing any more, none. */
  async function review(): Promise<void> {
    for (const own of people.values()) {
      const filled = await book.fill(templates, own.user)
      if ('missing' in filled) end(own, 0)
      else if (JSON.stringify(filled.values) !== own.handed) end(own, GRACE_MS)
    }
    if (session === undefined && !isClosed()) await (reading ??= readFromSomebody().finally(() => (reading = undefined)))
  }
  /** Its lists are not known yet: they are read with what the first person has set with whom it starts. */
  async function readFromSomebody(): Promise<void> {
    let attempts = 0
    for (const user of await book.peopleWith(templates)) {
      if (people.get(user)?.upstream.state === 'down') continue
      if (++attempts > MOST_ATTEMPTS || isClosed()) return
      const own = await ownOf(user)
      if (!own.allowed) continue
      await own.value.started
      if (isShowing()) return
    }
  }
  function look(): void {
    review().catch((error: unknown) => log('error', `${server}: its secrets could not be looked at`, { problem: problemOf(error) }))
  }

  const callOn = (own: PersonProcess, call: UpstreamCall): Promise<Decision<Produced>> =>
    own.hasEnded ? callAs(own.user, call) : own.call(call)
  async function callAs(user: string, call: UpstreamCall): Promise<Decision<Produced>> {
    const own = await ownOf(user)
    return own.allowed ? callOn(own.value, call) : own
  }

  return {
    server,
    async start() {
      stopFollowing = book.onChange(look)
      timer = setInterval(endIdle, sweepMs(idleSeconds)).unref()
      await readFromSomebody()
      if (!isClosed()) state = 'open'
    },
    call(call) {
      const { user } = call.caller.principal
      if (user === undefined) return Promise.resolve(needsPerson(server))
      const own = people.get(user)
      return own ? callOn(own, call) : callAs(user, call)
    },
    async ask(method, params, withinMs) {
      return shown ? shown.upstream.ask(method, params, withinMs) : sentences.down(server)
    },
    // Whose process would tell of it, and to whom? Nobody can say.
    watch: () => undefined,
    watchTask: () => undefined,
    get state() {
      if (isClosed()) return 'closed'
      return state === 'starting' ? 'starting' : session === undefined ? 'down' : 'ready'
    },
    get session() {
      return shown?.upstream.session ?? session
    },
    get problem() {
      if (session !== undefined) return undefined
      const [first] = people.values()
      return first?.upstream.problem ?? waitsForSomebody(templates)
    },
    restart: look,
    async close() {
      state = 'closed'
      stopFollowing()
      clearInterval(timer)
      for (const own of people.values()) end(own, 0)
      for (const own of ending.keys()) own.endNow()
      await Promise.all([...ending.values(), ...opening.values()])
    },
  }
}

const waitsForSomebody = (templates: Templates): string => {
  const [secret = ''] = namesOf(templates, 'person')
  return `nobody has set ${secret} yet: people do on their account page, or ${commandFor({ secret, of: 'person' })}`
}

const unavailable = (sentence: string): Decision<never> => deny({ reason: 'upstream_unavailable', sentence })
const full = (server: string): Decision<never> =>
  unavailable(`The server ${server} runs as many processes as it may at the moment, one for each person. Try again later.`)
const notStarted = (server: string, templates: Templates): Decision<never> =>
  unavailable(
    `The server ${server} did not start with your ${namesOf(templates, 'person').join(' and ')}. If what you have set is right, try again later.`,
  )
