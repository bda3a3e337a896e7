/**
 * What a program reads where it may not connect, or where nobody answers: which grant would allow it, and for programs the same as a
 * field (`Proxy-Status`, RFC 9209).
 *
 * @module
 */

import { type Destination, showDestination } from '../grants/destination.ts'
import type { ConnectProblem } from './connection.ts'

export interface Answer {
  readonly status: number
  readonly headers: Readonly<Record<string, string>>
  readonly body: string
}

/** Status, and the error type that RFC 9209 §2.3 has for it. */
const table: Readonly<Record<ConnectProblem, readonly [status: number, error: string, sentence: string]>> = {
  destination_not_granted: [403, 'http_request_denied', 'it was not granted'],
  blocked_address: [403, 'destination_ip_prohibited', 'its name leads to an address of a private, local or reserved network'],
  name_mismatch: [403, 'http_request_denied', 'what is said on the connection names another host'],
  malformed_request: [400, 'http_request_error', 'it was not asked for as HTTP has it'],
  too_many_connections: [503, 'connection_limit_reached', 'as many connections are open as may be'],
  name_not_found: [502, 'dns_error', 'its name was not found'],
  unreachable: [502, 'destination_unavailable', 'it could not be reached'],
  timeout: [504, 'connection_timeout', 'it did not answer in time'],
}

export function answerTo(problem: ConnectProblem, name: string, wanted: Destination | undefined): Answer {
  const [status, error, sentence] = table[problem]
  const target = wanted && showDestination(wanted)
  const grant =
    problem === 'destination_not_granted' && target !== undefined ? ` Allow it with --allow-net ${target}, or net: in its sandbox.` : ''
  const body = `The sandbox of ${name} has no connection to ${target ?? 'what was asked for'}: ${sentence}.${grant}\n`
  const headers = {
    'proxy-status': `sallyport; error=${error}`,
    'content-type': 'text/plain; charset=utf-8',
    'content-length': String(Buffer.byteLength(body)),
    connection: 'close',
  }
  return { status, headers, body }
}

/** As bytes: where there is no response object to write it. */
export function toText({ status, headers, body }: Answer): string {
  const fields = Object.entries(headers).map(([name, value]) => `${name}: ${value}\r\n`)
  return `HTTP/1.1 ${status} Refused\r\n${fields.join('')}\r\n${body}`
}
