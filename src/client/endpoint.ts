/**
 * Which URL is the MCP endpoint, and what it asks for before anybody has signed in. A URL with a path is the endpoint. Without one
 * it is tried as it is, then `/mcp` at its own origin; never anywhere else.
 *
 * Asks without a credential, always.
 *
 * @module
 */

import { mediaType } from '../net/index.ts'
import { META_PREFIX, MODERN_VERSION } from '../protocol/index.ts'
import { askForDocument, type DocumentAnswer } from './documents.ts'
import { TransportError } from './errors.ts'
import type { Network } from './network.ts'
import { type Challenge, parseChallenge } from './sign-in/challenge.ts'

export interface Probed {
  /** Over HTTP, whatever the transport is. */
  readonly url: URL
  readonly challenge: Challenge | undefined
}

export interface EndpointFinder {
  /** Asks the server now. */
  probe(): Promise<Probed>
  /** Asks the server only where the URL is not known yet. */
  url(): Promise<URL>
}

export interface EndpointFinderOptions {
  readonly network: Network
  /** Over HTTP. */
  readonly serverUrl: URL
  readonly clientInfo: { readonly name: string; readonly version: string }
  /** Of the program, for its server: what stands in front of one may need them. */
  readonly headers?: Readonly<Record<string, string>>
  /** Where nothing at the URL speaks MCP over HTTP, it is taken as it is: it may speak WebSocket only. */
  readonly mayBeSilent: boolean
}

export function createEndpointFinder({
  network,
  serverUrl,
  clientInfo,
  headers: own = {},
  mayBeSilent,
}: EndpointFinderOptions): EndpointFinder {
  const isWhole = serverUrl.pathname !== '/' || serverUrl.search !== ''
  let found: URL | undefined = isWhole ? serverUrl : undefined
  const body = JSON.stringify({
    jsonrpc: '2.0',
    id: 1,
    method: 'server/discover',
    params: {
      _meta: {
        [`${META_PREFIX}protocolVersion`]: MODERN_VERSION,
        [`${META_PREFIX}clientInfo`]: clientInfo,
        [`${META_PREFIX}clientCapabilities`]: {},
      },
    },
  })
  const headers = {
    ...own,
    accept: 'application/json, text/event-stream',
    'content-type': 'application/json',
    'mcp-protocol-version': MODERN_VERSION,
    'mcp-method': 'server/discover',
  }
  const ask = (url: URL): Promise<DocumentAnswer> => askForDocument(network, url, { method: 'POST', headers, body })

  async function probe(): Promise<Probed> {
    for (const url of found ? [found] : [serverUrl, new URL('/mcp', serverUrl)]) {
      const answer = await ask(url)
      if (!found && !speaksMcp(answer)) continue
      found = url
      return { url, challenge: answer.status === 401 ? parseChallenge(answer.headers.get('www-authenticate')) : undefined }
    }
    if (!mayBeSilent) throw new TransportError('no_endpoint', `Neither ${serverUrl.origin} nor its /mcp answers as an MCP server.`)
    found = serverUrl
    return { url: found, challenge: undefined }
  }

  let probing: Promise<Probed> | undefined
  return {
    probe,
    async url() {
      if (found) return found
      probing ??= probe().finally(() => {
        probing = undefined
      })
      return (await probing).url
    },
  }
}

/** It asks who we are, or answers in JSON-RPC, whatever it says in it; but for that there is nothing at the path. */
function speaksMcp({ status, headers, document }: DocumentAnswer): boolean {
  if (status === 404 || status === 405) return false
  return (
    status === 401 || document?.['jsonrpc'] === '2.0' || (status === 200 && mediaType(headers.get('content-type')) === 'text/event-stream')
  )
}
