/**
 * An HTTP upstream that knows each of its callers: once it wants a credential of their own, each person has a connection and, where it has
 * sessions, a session of their own. Servers of 2025 remember in a session whose it is, so that two people can never share one.
 *
 * Until then all calls go over the one that the gateway itself uses. Fails closed: no call ever goes out on a link that was opened for
 * somebody else, or for another account of theirs; and a link presents its person's credential and no other.
 *
 * @module
 */

import { type Decision, deny, type Produced } from '../../core/index.ts'
import { type CallCredentials, type Calling, type CredentialHeaders, needsPerson } from '../credentials/credentials.ts'
import type { PersonalCredentials } from '../credentials/personal.ts'
import { createUpstream, sentences, type Upstream, type UpstreamCall, type UpstreamOptions } from '../upstream/index.ts'
import { hasStarted, IDLE_SECONDS, type Idle, idleAfter, isIdle, longestIdle, sweepMs } from './idle.ts'

export interface PeopleLinksOptions extends Omit<UpstreamOptions, 'credentials'> {
  readonly personal: PersonalCredentials
  /** How many people's links at once; 256 unless told. */
  readonly maxLinks?: number | undefined
  /** How long one may have nothing to do; ten minutes unless told. */
  readonly idleSeconds?: number | undefined
}

interface Link extends Idle {
  readonly user: string
  /** Whose account there its session is of: nobody else's calls go out on it, and none of a later connection. */
  readonly bound: unknown
  readonly upstream: Upstream
  /** Resolves when it has answered, or has failed once. */
  readonly started: Promise<void>
  calls: number
  idleSince: number
  /** Takes no more calls. */
  hasEnded: boolean
}

const MAX_LINKS = 256

export function createPeopleLinks(options: PeopleLinksOptions): Upstream {
  const { server, personal, clock, maxLinks = MAX_LINKS, idleSeconds = IDLE_SECONDS } = options
  const { credentials } = personal
  const people = new Map<string, Link>()
  /** Those on which calls come to their end, too. */
  const all = new Set<Link>()
  const closing = new Set<Promise<void>>()
  const shared = createUpstream({ ...options, credentials: ofGateway() })
  let timer: NodeJS.Timeout | undefined
  let isClosed = false

  /** Before anybody knows that it wants a credential, calls go out on it, too. */
  function ofGateway(): CallCredentials {
    return {
      present: (principal) => (principal && personal.isPersonal() ? again(server) : credentials.present(undefined)),
      async renew(principal, presented, challenge) {
        const renewed = await credentials.renew(undefined, presented, challenge)
        return principal && personal.isPersonal() ? again(server) : renewed
      },
    }
  }
  function ofPerson(user: string, bound: unknown): CallCredentials {
    const own = { user }
    const isOther = (principal: Calling | undefined): boolean => principal !== undefined && principal.user !== user
    const judge = (given: Decision<CredentialHeaders>): Decision<CredentialHeaders> =>
      given.allowed && personal.boundTo(given.value) !== bound ? changed(server) : given
    return {
      present(principal) {
        if (isOther(principal)) return again(server)
        const given = credentials.present(own)
        return given instanceof Promise ? given.then(judge) : judge(given)
      },
      async renew(principal, presented, challenge) {
        if (isOther(principal)) return again(server)
        const renewed = await credentials.renew(own, presented, challenge)
        return renewed && judge(renewed)
      },
    }
  }

  /** Theirs, opened for what they are connected with now. */
  function linkFor(user: string, bound: unknown): Link | undefined {
    const link = people.get(user)
    if (link && link.bound === bound) return link
    if (link) end(link)
    return isClosed ? undefined : open(user, bound)
  }
  function open(user: string, bound: unknown): Link | undefined {
    if (people.size >= maxLinks && !endLongestIdle()) return undefined
    const upstream = createUpstream({
      ...options,
      credentials: ofPerson(user, bound),
      log: (level, message, fields) => options.log(level === 'info' ? 'debug' : level, message, { ...fields, user }),
      // What one person's link says of lists is asked again with the gateway's own.
      stale() {},
    })
    const link: Link = { user, bound, upstream, started: upstream.start(), calls: 0, idleSince: clock(), hasEnded: false }
    people.set(user, link)
    all.add(link)
    return link
  }
  /** Calls that run on it come to their end. */
  function end(link: Link): void {
    if (people.get(link.user) === link) people.delete(link.user)
    link.hasEnded = true
    if (link.calls === 0) close(link)
  }
  function close(link: Link): void {
    if (!all.delete(link)) return
    const closed = link.upstream.close().finally(() => closing.delete(closed))
    closing.add(closed)
  }
  function endLongestIdle(): boolean {
    const longest = longestIdle(people.values(), clock())
    if (longest) end(longest)
    return longest !== undefined
  }
  function endIdle(): void {
    const before = clock() - idleSeconds * 1000
    for (const link of people.values()) if (isIdle(link, before)) end(link)
  }

  async function callOn(link: Link, call: UpstreamCall): Promise<Decision<Produced>> {
    link.calls++
    let idleSince: number | undefined
    try {
      if (link.upstream.state === 'starting' && !(await hasStarted(link.started, call, clock))) return sentences.down(server)
      if (link.upstream.state !== 'ready') {
        // It may be down because nothing can be presented: that can be mended, and is said.
        const given = await credentials.present(call.caller.principal)
        if (!given.allowed) return given
      }
      const outcome = await link.upstream.call(call)
      idleSince = idleAfter(outcome, clock())
      return outcome
    } finally {
      link.calls--
      link.idleSince = Math.max(link.idleSince, idleSince ?? clock())
      if (link.hasEnded && link.calls === 0) close(link)
    }
  }
  async function callWith(call: UpstreamCall, given: Decision<CredentialHeaders>): Promise<Decision<Produced>> {
    if (!given.allowed) return given
    const { user } = call.caller.principal
    if (user === undefined) return needsPerson(server)
    const link = linkFor(user, personal.boundTo(given.value))
    return link ? callOn(link, call) : sentences.busy(server)
  }

  const stops = [
    personal.onConnected((user) => {
      const own = people.get(user)?.upstream
      if (own?.state === 'down') own.restart()
      if (shared.state === 'down') shared.restart()
    }),
    // A session that was begun by nobody is nobody's to go on with.
    personal.onPersonal(() => {
      if (shared.session) shared.restart()
    }),
  ]

  return {
    server,
    start() {
      timer = setInterval(endIdle, sweepMs(idleSeconds)).unref()
      return shared.start()
    },
    call(call) {
      if (!personal.isPersonal()) return shared.call(call)
      const given = credentials.present(call.caller.principal)
      return given instanceof Promise ? given.then((late) => callWith(call, late)) : callWith(call, given)
    },
    ask: (method, params, withinMs) => shared.ask(method, params, withinMs),
    // Whose link would tell of it, and to whom? Nobody can say.
    watch: (uri, changed) => (personal.isPersonal() ? undefined : shared.watch(uri, changed)),
    watchTask: (taskId, changed) => (personal.isPersonal() ? undefined : shared.watchTask(taskId, changed)),
    get state() {
      return shared.state
    },
    get session() {
      if (shared.session) return shared.session
      for (const { upstream } of people.values()) if (upstream.session) return upstream.session
      return undefined
    },
    get problem() {
      return shared.problem
    },
    restart: () => shared.restart(),
    async close() {
      isClosed = true
      clearInterval(timer)
      for (const stop of stops) stop()
      for (const link of all) close(link)
      await Promise.all([shared.close(), personal.close(), ...closing])
    },
  }
}

const changed = (server: string): Decision<never> =>
  deny({ reason: 'upstream_unavailable', sentence: `Your account at the server ${server} was connected anew meanwhile. Try once more.` })
const again = (server: string): Decision<never> =>
  deny({ reason: 'upstream_unavailable', sentence: `The server ${server} asks people who they are from now on. Try once more.` })
