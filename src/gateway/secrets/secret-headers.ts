/**
 * Headers with named secrets in them, for each request to an HTTP upstream: everybody's, or the caller's own. Kept filled until
 * something changes, so that a call waits for nothing; what was set a moment ago counts from the next request on.
 *
 * Fails closed: a header that cannot be filled for whoever calls is not sent without, and the request is not sent at all.
 *
 * @module
 */

import { allow, type Clock, type Decision, type Log, problemOf } from '../../core/index.ts'
import { type Calling, type CredentialHeaders, needsPerson } from '../credentials/credentials.ts'
import type { PersonalCredentials } from '../credentials/personal.ts'
import type { SecretBook } from './book.ts'
import { needs, refuses } from './need.ts'
import { isPersonal, referencesIn, type SecretReference, type Templates } from './template.ts'

export interface SecretHeadersOptions {
  readonly server: string
  /** By lower-case name of the header. */
  readonly templates: Templates
  readonly book: SecretBook
  /** Under which account pages are; undefined: there are none. */
  readonly accountBase: () => string | undefined
  readonly clock: Clock
  readonly log: Log
  /** They are variables of a process: only who has what is asked here, and what is in them is any text. */
  readonly areVariables?: boolean | undefined
}

interface Ready {
  readonly headers: Decision<CredentialHeaders>
  notedAt: number
}

const MAX_KEPT = 10_000
const NOTED_EVERY_MS = 3_600_000
/** What a header can carry (RFC 9110 §5.5). */
const CARRIED = /^[\t\x20-\x7e\x80-\xff]*$/

export function createSecretHeaders(options: SecretHeadersOptions): PersonalCredentials {
  const { server, templates, book, accountBase, clock, log, areVariables = false } = options
  const personal = isPersonal(templates)
  const ready = new Map<string | undefined, Ready>()
  let changes = book.changes

  function known(user: string | undefined): Ready | undefined {
    if (changes === book.changes) return ready.get(user)
    changes = book.changes
    ready.clear()
    return undefined
  }
  async function fill(user: string | undefined): Promise<Decision<CredentialHeaders>> {
    const before = book.changes
    const filled = await book.fill(templates, user)
    if ('missing' in filled) return needs(server, filled.missing, accountBase())
    const wrong = areVariables ? undefined : Object.keys(filled.values).find((name) => !CARRIED.test(filled.values[name] as string))
    if (wrong !== undefined) {
      log('warn', `${server}: a secret has characters that the header ${wrong} cannot carry`)
      return refuses(server, culprit(), accountBase())
    }
    const headers = allow(Object.freeze(filled.values))
    book.used(templates, user)
    if (before === book.changes && changes === before) {
      if (ready.size >= MAX_KEPT) ready.clear()
      ready.set(user, { headers, notedAt: clock() })
    }
    return headers
  }
  /** Which of them to name to whoever calls: their own, if there is one. */
  const culprit = (): SecretReference => {
    const all = referencesIn(templates)
    return (all.find(({ of }) => of === 'person') ?? all[0]) as SecretReference
  }
  function presentFor(user: string | undefined): Decision<CredentialHeaders> | Promise<Decision<CredentialHeaders>> {
    const kept = known(user)
    if (!kept) return fill(user)
    const now = clock()
    if (now - kept.notedAt >= NOTED_EVERY_MS) {
      kept.notedAt = now
      book.used(templates, user)
    }
    return kept.headers
  }
  let somebody: { readonly at: number; readonly found: Promise<readonly string[]> } | undefined
  /** What the gateway itself asks, it asks as the first who can. */
  async function presentForSomebody(): Promise<Decision<CredentialHeaders>> {
    if (somebody?.at !== book.changes) somebody = { at: book.changes, found: book.peopleWith(templates) }
    const [first] = await somebody.found
    return presentFor(first)
  }

  function present(principal: Calling | undefined): Decision<CredentialHeaders> | Promise<Decision<CredentialHeaders>> {
    if (!personal) return presentFor(undefined)
    if (principal === undefined) return presentForSomebody()
    return principal.user === undefined ? needsPerson(server) : presentFor(principal.user)
  }

  /** Another may have been set while the request was under way. */
  async function renew(principal: Calling | undefined, presented: CredentialHeaders): Promise<Decision<CredentialHeaders>> {
    const now = await present(principal)
    return now.allowed && isSame(now.value, presented) ? refuses(server, culprit(), principal && accountBase()) : now
  }

  return {
    credentials: { present, renew },
    boundTo: (shown) => (personal ? JSON.stringify(shown) : undefined),
    isPersonal: () => personal,
    onPersonal: () => () => {},
    onConnected(listener) {
      const look = async (): Promise<void> => {
        const [first] = await book.peopleWith(templates)
        if (first !== undefined) listener(first)
      }
      if (!personal) return () => {}
      return book.onChange(() => {
        look().catch((error: unknown) => log('error', `${server}: its secrets could not be looked at`, { problem: problemOf(error) }))
      })
    },
    close: async () => {},
  }
}

const isSame = (one: CredentialHeaders, other: CredentialHeaders): boolean => Object.keys(one).every((name) => one[name] === other[name])
