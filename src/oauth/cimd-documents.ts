/**
 * Clients that are described at a URL of theirs: their documents, fetched when they are first named and again when they are no longer
 * fresh.
 *
 *   kept and fresh  ─────────────────────────────────────────▶ the copy
 *   kept and stale  ─▶ fetched ─▶ valid ─▶ kept anew ────────▶ the new one
 *                         ├─ no answer, or none that says so ▶ the copy: an outage of their site ends nobody's sign-in
 *                         └─ gone, or no longer a document ──▶ nobody, until it is one again
 *   not kept        ─▶ fetched, if not too many are ─▶ valid ─▶ kept
 *
 * An answer that was no document is not kept (draft §5.2), but for half a minute its site is not asked again.
 *
 * @module
 */

import type { Clock } from '../core/index.ts'
import type { Fetched, GuardedFetch } from '../net/index.ts'
import type { Counters } from '../storage/index.ts'
import type { Payload } from './artifacts.ts'
import type { ClientCopies, ClientCopy } from './cimd-copies.ts'
import { checkDocument, MAX_DOCUMENT_BYTES } from './cimd-document.ts'
import { createFailures, type Failure } from './cimd-failures.ts'
import { freshForMs } from './cimd-freshness.ts'
import type { FindOptions } from './clients.ts'

export interface ClientDocuments {
  /** What the client at `url` may do, by its document; undefined where that cannot be told. */
  find(url: string, options?: FindOptions): Promise<Payload | undefined>
  /** Why the last `find` answered nothing, for a page. */
  problemOf(url: string): string | undefined
}

export interface ClientDocumentsParts {
  readonly copies: ClientCopies
  readonly counters: Counters
  readonly clock: Clock
  readonly fetch: GuardedFetch
}

/** New ones in a minute: each is a request to somebody. */
const MAX_FETCHES = 300
const MAX_FETCHES_PER_HOST = 20

export function createClientDocuments({ copies, counters, clock, fetch }: ClientDocumentsParts): ClientDocuments {
  const failures = createFailures({ clock })
  const underWay = new Map<string, Promise<Payload | undefined>>()

  async function mayAsk(url: string): Promise<boolean> {
    const host = await counters.increment(`cimd:${new URL(url).host}`, 60_000)
    return host.count <= MAX_FETCHES_PER_HOST && (await counters.increment('cimd', 60_000)).count <= MAX_FETCHES
  }
  async function refresh(url: string, copy: ClientCopy | undefined): Promise<Payload | undefined> {
    if (copy === undefined && !(await mayAsk(url))) {
      failures.add(url, { problem: 'too many such clients came up within a minute', isFinal: false })
      return undefined
    }
    // No redirect is followed (draft §5).
    const outcome = judge(url, await fetch(url, { maxBytes: MAX_DOCUMENT_BYTES, maxRedirects: 0 }))
    if ('metadata' in outcome) {
      failures.forget(url)
      await copies.put(url, outcome.metadata, outcome.freshMs)
      return outcome.metadata
    }
    failures.add(url, outcome)
    return outcome.isFinal ? undefined : copy?.metadata
  }
  return {
    async find(url, { onlyKnown = false } = {}) {
      const copy = await copies.get(url)
      if (copy === undefined && onlyKnown) return undefined
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
