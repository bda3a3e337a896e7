/**
 * Everything that is asked of the issuer goes out here: JSON from its metadata, its keys and its introspection, through the guarded
 * fetch (`net/issuer-fetch.ts`).
 *
 * Fails closed, with a value.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { createIssuerFetch, type FetchProblem, type Lookup } from '../../net/index.ts'
import { isObject, parseJson } from '../../protocol/index.ts'
import type { ExternalSettings } from './options.ts'

export interface Question {
  readonly headers?: Readonly<Record<string, string>>
  /** Makes it a POST. */
  readonly body?: string
}

/** `problem` is fit for a log: what was wrong, and nothing of what was sent or came back. */
export type Asked = { readonly document: JsonObject } | { readonly problem: FetchProblem | `status ${number}` | 'no JSON object' }

export interface Ask {
  (url: string, question?: Question): Promise<Asked>
  close(): void
}

const BOUNDS = { maxDepth: 16, maxItems: 1_000 }

export interface AskParts {
  readonly settings: Pick<ExternalSettings, 'issuer' | 'jwksUri' | 'introspection'>
  readonly lookup?: Lookup | undefined
  readonly ca?: readonly string[] | undefined
}

export function createAsk({ settings: { issuer, jwksUri, introspection }, lookup, ca }: AskParts): Ask {
  const written = [issuer, jwksUri, introspection?.url].filter((url) => url !== undefined)
  const guardedFetch = createIssuerFetch({ written, lookup, ca })
  async function ask(url: string, { headers, body }: Question = {}): Promise<Asked> {
    const fetched = await guardedFetch(url, { headers, body })
    if (!fetched.answered) return { problem: fetched.problem }
    if (fetched.status !== 200) return { problem: `status ${fetched.status}` }
    const parsed = parseJson(fetched.body, BOUNDS)
    return parsed.allowed && isObject(parsed.value) ? { document: parsed.value } : { problem: 'no JSON object' }
  }
  return Object.assign(ask, { close: guardedFetch.close })
}
