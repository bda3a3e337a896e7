/**
 * Clients that are described at a URL of theirs: their documents, fetched when they are first named and again when they are no longer
 * fresh, and kept in the store for all processes.
 *
 *   kept and fresh  ─────────────────────────────────────────▶ the copy
 *   kept and stale  ─▶ fetched ─▶ valid ─▶ kept anew ────────▶ the new one
 *                         ├─ no answer, or none that says so ▶ the copy: an outage of their site ends nobody's sign-in
 *                         └─ gone, or no longer a document ──▶ nobody, until it is one again
 *   not kept        ─▶ fetched, if not too many are ─▶ valid ─▶ kept
 *
 * One that nobody allowed anything is forgotten after an hour, and of those there are so many and no more: anybody may name a URL. One that
 * was used is kept for 90 days after its last use. An answer that was no document is not kept (draft §5.2), but for half a minute
 * its site is not asked again.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import type { Fetched, GuardedFetch } from '../net/index.ts'
import { type Counters, changeRecord, type RecordOptions, type Store } from '../storage/index.ts'
import type { Payload } from './artifacts.ts'
import { checkDocument, MAX_DOCUMENT_BYTES } from './cimd-document.ts'
import { createFailures, type Failure } from './cimd-failures.ts'
import { freshForMs } from './cimd-freshness.ts'

export interface KeptDocument {
  readonly metadata: Payload
  readonly fetchedAt: number
  readonly freshUntil: number
  /** When somebody first allowed it something; undefined: never. */
  readonly keptAt?: number | undefined
  readonly lastUsedAt?: number | undefined
}

export interface ClientDocuments {
  /** What the client at `url` may do, by its document; undefined where that cannot be told. */
  find(url: string): Promise<Payload | undefined>
  /** Without asking anybody. */
  get(url: string): Promise<KeptDocument | undefined>
  list(): Promise<readonly (readonly [url: string, document: KeptDocument])[]>
  /** Somebody allowed it something. */
  keep(url: string): Promise<void>
  /** It was given a token. */
  used(url: string): Promise<void>
  remove(url: string): Promise<boolean>
  /** Why the last `find` answered nothing, for a page. */
  problemOf(url: string): string | undefined
}

export interface ClientDocumentsParts {
  readonly store: Store
  readonly counters: Counters
  readonly clock: Clock
  readonly fetch: GuardedFetch
}

const UNUSED_TTL_MS = 3_600_000
const USED_TTL_MS = 90 * 86_400_000
/** Of those that nobody allowed anything. */
const MAX_UNUSED = 500
const UNUSED = 'unused'
/** New ones in a minute: each is a request to somebody. */
const MAX_FETCHES = 120
const MAX_FETCHES_PER_HOST = 20
const USED_EVERY_MS = 60_000

const optionsOf = ({ fetchedAt, keptAt, lastUsedAt }: KeptDocument): RecordOptions =>
  keptAt === undefined
    ? { group: UNUSED, expiresAt: fetchedAt + UNUSED_TTL_MS }
    : { expiresAt: Math.max(fetchedAt, keptAt, lastUsedAt ?? 0) + USED_TTL_MS }

export function createClientDocuments({ store, counters, clock, fetch }: ClientDocumentsParts): ClientDocuments {
  const records = store.records<KeptDocument>('client_document')
  const failures = createFailures({ clock })
  const underWay = new Map<string, Promise<Payload | undefined>>()

  async function mayAsk(url: string): Promise<boolean> {
    const host = await counters.increment(`cimd:${new URL(url).host}`, 60_000)
    return host.count <= MAX_FETCHES_PER_HOST && (await counters.increment('cimd', 60_000)).count <= MAX_FETCHES
  }
  async function refresh(url: string, copy: KeptDocument | undefined): Promise<Payload | undefined> {
    if (copy === undefined && !(await mayAsk(url))) {
      failures.add(url, { problem: 'too many such clients came up within a minute', isFinal: false })
      return undefined
    }
    // No redirect is followed (draft §5).
    const outcome = judge(url, await fetch(url, { maxBytes: MAX_DOCUMENT_BYTES, maxRedirects: 0 }))
    if ('metadata' in outcome) {
      failures.forget(url)
      await keepAnew(url, outcome.metadata, outcome.freshMs)
      return outcome.metadata
    }
    failures.add(url, outcome)
    return outcome.isFinal ? undefined : copy?.metadata
  }
  async function keepAnew(url: string, metadata: Payload, freshMs: number): Promise<void> {
    if ((await records.get(url)) === undefined && (await records.usage(UNUSED)).count >= MAX_UNUSED) await dropOldest()
    const next = (now: KeptDocument | undefined): KeptDocument => ({ ...now, metadata, fetchedAt: clock(), freshUntil: clock() + freshMs })
    await changeRecord(records, url, next, optionsOf)
  }
  async function dropOldest(): Promise<void> {
    const all = await records.list({ group: UNUSED })
    const oldest = all.reduce(
      (first, each) => (each.value.fetchedAt < first.value.fetchedAt ? each : first),
      all[0] as (typeof all)[number],
    )
    if (oldest !== undefined) await records.takeOnce(oldest.id)
  }
  async function change(url: string, next: (now: KeptDocument) => KeptDocument | undefined): Promise<void> {
    await changeRecord(records, url, (now) => now && next(now), optionsOf)
  }

  return {
    async find(url) {
      const copy = (await records.get(url))?.value
      if (copy !== undefined && clock() < copy.freshUntil) return copy.metadata
      const failure = failures.find(url)
      if (failure !== undefined) return failure.isFinal ? undefined : copy?.metadata
      // Whoever names it meanwhile waits for the same answer.
      let asked = underWay.get(url)
      if (asked === undefined) {
        asked = refresh(url, copy).finally(() => underWay.delete(url))
        underWay.set(url, asked)
      }
      return asked
    },
    get: async (url) => (await records.get(url))?.value,
    async list() {
      const all: [string, KeptDocument][] = []
      for (let after: string | undefined; ; ) {
        const page = await records.list({ after })
        for (const { id, value } of page) all.push([id, value])
        after = page.at(-1)?.id
        if (page.length < 1000) return all
      }
    },
    keep: (url) => change(url, (now) => (now.keptAt === undefined ? { ...now, keptAt: clock() } : undefined)),
    used: (url) =>
      change(url, (now) =>
        now.keptAt === undefined || clock() - (now.lastUsedAt ?? 0) < USED_EVERY_MS ? undefined : { ...now, lastUsedAt: clock() },
      ),
    remove: async (url) => (await records.takeOnce(url)) !== undefined,
    problemOf: (url) => failures.find(url)?.problem,
  }
}

type Outcome = { readonly metadata: Payload; readonly freshMs: number } | Failure

function judge(url: string, fetched: Fetched): Outcome {
  if (!fetched.answered) return { problem: sentences[fetched.problem], isFinal: false }
  const { status, headers, body } = fetched
  if (status === 404 || status === 410) return { problem: 'there is nothing at that address', isFinal: true }
  if (status !== 200) return { problem: `that address answers ${status}`, isFinal: false }
  const described = checkDocument(url, body)
  if ('problem' in described) return { problem: described.problem, isFinal: true }
  return { metadata: described.metadata, freshMs: freshForMs(headers) }
}

const sentences: Record<Extract<Fetched, { answered: false }>['problem'], string> = {
  insecure_url: 'that address is not asked, as it is not https',
  address_blocked: 'that address belongs to a private network, and is not asked',
  redirected: 'that address leads elsewhere, which is not followed',
  timeout: 'that address did not answer in time',
  too_large: 'what is at that address is larger than 5 kB',
  not_json: 'what is at that address is not JSON',
  unreachable: 'that address could not be reached from here',
  busy: 'too many such addresses are being asked just now',
  closed: 'this server is about to stop',
}
