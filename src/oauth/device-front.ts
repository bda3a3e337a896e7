/**
 * What comes before the library in the device flow: how often an address may begin, open the page and try a code, and that
 * forms come from our own page. Codes are short, so that guessing is what has to be slow (RFC 8628 §5.1).
 *
 * @module
 */

import type { IncomingMessage, ServerResponse } from 'node:http'
import { isForeignForm } from './addresses.ts'
import { looksLikeCode, SHOWN_CODE } from './device.ts'
import type { Settings } from './options.ts'
import { problemPage, sendPage } from './pages/index.ts'
import type { Recorder } from './recorder.ts'
import { replay } from './replay.ts'

const WINDOW_MS = 600_000
/** In ten minutes, from one address: 20^8 codes are tried for a long time at this pace. */
const MAX_TRIES = 30
const MAX_BEGUN = 60

export interface DeviceFrontParts {
  readonly settings: Pick<Settings, 'issuer' | 'counters'>
  readonly callback: (request: IncomingMessage, response: ServerResponse) => Promise<void>
  readonly budgetFor: (request: IncomingMessage) => string
  readonly record: Recorder
}

export interface DeviceFront {
  /** Seconds to wait, where this address has begun too often. */
  waitToBegin(request: IncomingMessage): Promise<number | undefined>
  open(request: IncomingMessage, response: ServerResponse): Promise<void>
  answer(request: IncomingMessage, response: ServerResponse, text: string): Promise<void>
}

export function createDeviceFront({ settings, callback, budgetFor, record }: DeviceFrontParts): DeviceFront {
  const { issuer, counters } = settings

  async function wait(what: string, request: IncomingMessage, most: number): Promise<number | undefined> {
    const { count, resetMs } = await counters.increment(`device-${what}:${budgetFor(request)}`, WINDOW_MS)
    return count <= most ? undefined : Math.ceil(resetMs / 1000)
  }
  function refuse(request: IncomingMessage, response: ServerResponse, reason: string, page: string, retryAfter?: number): void {
    record(request, { decision: 'deny', reason, action: 'device' })
    if (retryAfter !== undefined) response.setHeader('retry-after', retryAfter)
    sendPage(response, problemPage(page))
  }
  return {
    waitToBegin: (request) => wait('begin', request, MAX_BEGUN),
    async open(request, response) {
      // Each one that is opened keeps a session.
      const seconds = await wait('page', request, MAX_BEGUN)
      if (seconds !== undefined) return refuse(request, response, 'rate_limited', 'too_many_codes', seconds)
      const code = new URL(request.url ?? '/', issuer).searchParams.get('user_code') ?? ''
      // Under another name: the library answers `user_code` with a page that sends it at once.
      const query = looksLikeCode(code) ? `?${new URLSearchParams({ [SHOWN_CODE]: code }).toString()}` : ''
      return callback(replay({ request, issuer, url: `/device${query}`, json: false }), response)
    },
    async answer(request, response, text) {
      if (isForeignForm(request, new URL(issuer).origin)) return refuse(request, response, 'forged_form', 'forged')
      const seconds = await wait('code', request, MAX_TRIES)
      if (seconds !== undefined) return refuse(request, response, 'rate_limited', 'too_many_codes', seconds)
      const body = { type: 'application/x-www-form-urlencoded', text }
      return callback(replay({ request, issuer, url: '/device', body, json: false }), response)
    },
  }
}
