/**
 * Where a service is, as its options or its port say it, or else an app's first request. Without a public URL it is for this machine alone,
 * whatever interfaces an app listens on: then who calls must be known to be of it.
 *
 * @module
 */

import type { IncomingMessage } from 'node:http'
import { addressGroup, isLoopbackName } from '../net/index.ts'
import { type Listen, type MountedIn, originsOf, type Site, siteOf } from './listen.ts'

/** Where it is before anybody has called; undefined where only an app's first request tells. */
export function knownSite(serveOn: Listen | MountedIn, boundPort: number | undefined): Site | undefined {
  const port = boundPort ?? serveOn.port
  if (serveOn.publicUrl === undefined && port === undefined) return undefined
  return siteOf(serveOn, port === undefined ? [] : originsOf('mounted' in serveOn ? {} : serveOn, port))
}

export const ELSEWHERE =
  'refused: without publicUrl this server is for this machine alone, and a request came from elsewhere, or the app did not say from where: set publicUrl to its URL, or pass the address of the caller, fetch(request, { address })'
export const NOWHERE = 'refused: a request does not tell where this server is: set publicUrl to its URL, or port where it is at localhost'

export const isOfThisMachine = (...addresses: readonly string[]): boolean => addresses.every((each) => addressGroup(each) === 'loopback')

/**
 * Only loopback may be taken from a request, and the port from its socket alone: whoever writes a Host would choose who issues tokens.
 */
export function siteOfRequest({ headers, socket }: IncomingMessage, reach: MountedIn | Listen): Site | undefined {
  const { localPort } = socket
  const url = URL.parse(`http://${headers.host ?? ''}`)
  if (localPort === undefined || url === null || !isLoopbackName(url.hostname)) return undefined
  const tls = 'encrypted' in socket && socket.encrypted === true ? ('local' as const) : undefined
  return siteOf(reach, originsOf({ tls }, localPort))
}
