/**
 * Waits on this computer for a browser to come back with an answer (RFC 8252 §7.3): on a loopback address alone, for one sign-in, and
 * for the one answer whose `state` is right. Anybody on the machine, and any page, can knock here: a wrong answer gets a page that says
 * so, and the sign-in goes on.
 *
 * @module
 */

import type { Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { http, isLoopbackHost } from '../../net/index.ts'
import { AuthorizationError } from '../errors.ts'
import { stateIn } from './authorization-requests.ts'
import { type LoopbackPage, writePage } from './loopback-page.ts'

export interface LoopbackAnswer {
  readonly callback: URLSearchParams
  /** What the person reads; resolves once it was sent. */
  respond(page: LoopbackPage): Promise<void>
}

export interface Loopback extends AsyncDisposable {
  readonly redirectUri: string
  /** The one answer with this `state`. Rejects with the signal's reason. */
  answerTo(state: string, signal: AbortSignal): Promise<LoopbackAnswer>
}

export interface LoopbackOptions {
  /** Where a person comes back to; without a port, or where `mayMove`, any free one will do. */
  readonly redirectUri: string
  readonly mayMove: boolean
  /** Which program it is, for the page. */
  readonly program: string
}

/** RFC 8252 §7.3; not `localhost`, which may be another address. */
export const ANY_LOOPBACK = 'http://127.0.0.1/callback'
const MAX_URL = 16_384

/** @throws {AuthorizationError} where the port is taken. */
export async function openLoopback({ redirectUri, mayMove, program }: LoopbackOptions): Promise<Loopback> {
  const redirect = new URL(redirectUri)
  const expected = new Map<string, (answer: LoopbackAnswer) => void>()

  const server = http.createServer({ maxHeaderSize: MAX_URL, requestTimeout: 10_000 }, (request, response) => {
    request.resume()
    const url = (request.url ?? '').startsWith('/') ? URL.parse(request.url ?? '', redirect.origin) : null
    // Under another name it would be a page of somebody else's site that asks (DNS rebinding).
    const isOurs = isLoopbackHost(URL.parse(`http://${request.headers.host}`)?.hostname ?? '')
    if (!isOurs || url?.pathname !== redirect.pathname) return void send(response, { status: 404, ...notHere(program) })
    if (request.method !== 'GET') return void send(response, { status: 405, ...notHere(program) })
    const state = stateIn(url.searchParams) ?? ''
    const take = expected.get(state)
    if (take === undefined) return void send(response, { status: 400, ...notOurs(program) })
    expected.delete(state)
    take({ callback: url.searchParams, respond: (page) => send(response, page) })
  })
  const port = await listen(server, redirect, mayMove)
  redirect.port = String(port)

  return {
    redirectUri: redirect.href,
    answerTo(state, signal) {
      return new Promise((resolve, reject) => {
        const stop = (): void => reject(signal.reason as Error)
        if (signal.aborted) return stop()
        signal.addEventListener('abort', stop, { once: true })
        expected.set(state, (answer) => {
          signal.removeEventListener('abort', stop)
          resolve(answer)
        })
      })
    },
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((closed) => server.close(closed))
    },
  }
}

async function listen(server: Server, redirect: URL, mayMove: boolean): Promise<number> {
  // The very address that the browser is sent to: on any other, somebody else on this machine may listen.
  const host = redirect.hostname === 'localhost' ? '127.0.0.1' : redirect.hostname.replace(/^\[|\]$/g, '')
  const at = (port: number): Promise<number> =>
    new Promise((resolve, reject) => {
      server.once('error', reject)
      server.listen({ port, host, exclusive: true }, () => {
        server.off('error', reject)
        resolve((server.address() as AddressInfo).port)
      })
    })
  if (redirect.port === '') return at(0)
  try {
    return await at(Number(redirect.port))
  } catch (error) {
    if (mayMove) return at(0)
    const code = (error as NodeJS.ErrnoException).code ?? 'unknown'
    throw new AuthorizationError('redirect_unavailable', `${redirect.host} cannot be listened on (${code}).`)
  }
}

function send(response: ServerResponse, page: LoopbackPage): Promise<void> {
  const { headers, html } = writePage(page)
  return new Promise((sent) => {
    // The person may have closed the window meanwhile, or may do so now.
    if (response.destroyed) return sent()
    response.once('close', () => sent())
    response.writeHead(page.status, headers).end(html)
  })
}

const notHere = (program: string) => ({ title: 'Nothing here', text: `This address only ends a sign-in of ${program}.` })
const notOurs = (program: string) => ({
  title: 'Not this sign-in',
  text: `This answer belongs to no sign-in that ${program} has begun, or to one that has ended. You can close this window.`,
})
