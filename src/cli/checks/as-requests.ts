/**
 * One request of `doctor --as`: bounded in time and bytes, no redirect followed, and through the same network as our own client, so
 * that a server under test cannot lead this machine to an address that its user did not name.
 *
 * @module
 */

import { createNetwork, discard, type Network, readBounded } from '../../client/index.ts'

export interface Answer {
  readonly status: number
  readonly headers: Headers
  /** The body, where it is no longer than anything that a client reads here. */
  readonly text: string
  /** The body as a JSON object. */
  readonly json: Readonly<Record<string, unknown>> | undefined
}

export interface Ask {
  readonly method?: 'GET' | 'POST' | 'DELETE' | 'OPTIONS'
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: string
}

export interface Asking {
  /** What came back, or why nothing did, in words. */
  ask(url: string, request?: Ask): Promise<Answer | string>
  close(): Promise<void>
}

const DEADLINE_MS = 10_000
const MAX_BYTES = 256 * 1024

/** @throws where `url` cannot be asked at all. */
export function createAsking(url: URL): Asking {
  const network: Network = createNetwork({ serverUrl: url, privateHosts: [], ca: [] })
  return {
    async ask(text, { method = 'GET', headers = {}, body } = {}) {
      const target = URL.parse(text)
      if (target === null) return 'its address is no URL'
      const signal = AbortSignal.timeout(DEADLINE_MS)
      try {
        const response = await network.ask(target, {
          method,
          headers: { 'accept-encoding': 'identity', ...headers },
          body,
          signal,
        })
        // An event stream has no end: its status and its headers said everything.
        const isStream = (response.headers.get('content-type') ?? '').startsWith('text/event-stream')
        if (isStream) discard(response)
        const bytes = isStream ? undefined : await readBounded(response, MAX_BYTES)
        const read = bytes?.toString('utf8') ?? ''
        return { status: response.status, headers: response.headers, text: read, json: parse(read) }
      } catch (error) {
        return signal.aborted ? `no answer within ${DEADLINE_MS / 1000} s` : (error as Error).message
      }
    },
    close: () => network.close(),
  }
}

function parse(text: string): Answer['json'] {
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined
  } catch {
    return undefined
  }
}
