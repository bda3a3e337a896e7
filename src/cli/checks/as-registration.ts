/**
 * How one client gets its id, for `doctor --as`: its metadata document where the server takes those and it has one, else registration
 * (RFC 7591), once. What was registered is removed again where the server offers that (RFC 7592).
 *
 * @module
 */

import type { Asking } from './as-requests.ts'
import { type Finding, ok, problem, warning } from './check.ts'
import type { ClientProfile } from './client-profiles.ts'

export interface Identity {
  readonly clientId: string
  /** Whether the id is the address of a document, which the server has to fetch. */
  readonly byDocument: boolean
  /** Whether the client can go on with the answer that it got. */
  readonly readable: boolean
  /** The port that was registered; undefined where a document names none. */
  readonly port: number | undefined
  /** Undefined where the server does not offer it. */
  readonly management: { readonly url: string; readonly token: string } | undefined
}

/** A port from the dynamic range (RFC 6335 §6), as clients without a fixed one take. */
export const anyPort = (not?: number): number => {
  const port = 49152 + Math.floor(Math.random() * 16_384)
  return port === not ? anyPort(not) : port
}

export const redirectUriOf = ({ redirect: { host, path } }: ClientProfile, port: number): string => `http://${host}:${port}${path}`

export async function identifyAs(
  server: Readonly<Record<string, unknown>>,
  profile: ClientProfile,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<Identity | undefined> {
  const name = 'registration'
  if (server['client_id_metadata_document_supported'] === true && profile.clientIdDocument !== undefined) {
    add(ok(name, `none needed: its id is ${profile.clientIdDocument}, which the server fetches`))
    return { clientId: profile.clientIdDocument, byDocument: true, readable: true, port: undefined, management: undefined }
  }
  const endpoint = server['registration_endpoint']
  if (typeof endpoint !== 'string') {
    const fix = `offer dynamic client registration (RFC 7591), or register an id by hand and use it: ${profile.withClientId}`
    add(problem(name, 'not offered: the client stops with “does not support dynamic client registration”', fix))
    return undefined
  }
  const port = profile.redirect.port ?? anyPort()
  const redirectUri = redirectUriOf(profile, port)
  const body = { ...profile.registration, redirect_uris: [redirectUri] }
  const headers = { 'content-type': 'application/json', ...(profile.origin && { origin: profile.origin }) }
  const answer = await asking.ask(endpoint, { method: 'POST', headers, body: JSON.stringify(body) })
  if (typeof answer === 'string') {
    add(problem(name, `${endpoint}: ${answer}`, 'see the log of the authorization server'))
    return undefined
  }
  const { status, json } = answer
  if (status < 200 || status > 299) {
    add(problem(name, `refused: ${status}${codeOf(json)}`, fixOf(status, json, profile, redirectUri)))
    return undefined
  }
  if (json === undefined || typeof json['client_id'] !== 'string') {
    add(problem(name, `answered ${status} without a client_id`, 'answer 201 with what was registered, as JSON (RFC 7591 §3.2.1)'))
    return undefined
  }
  const echoed = json['redirect_uris']
  // What clients check before they use the answer: the SDK takes no null for a member that is left out, and no answer without this list.
  const nulls = Object.keys(json).filter((member) => json[member] === null)
  const repeats = Array.isArray(echoed) && echoed.includes(redirectUri)
  const strict = profile.lenient !== true
  const readable = !strict || (repeats && nulls.length === 0)
  if (!repeats) {
    const finding = strict ? problem : warning
    const what = `the answer does not repeat redirect_uris${strict ? ': the client cannot read it' : ''}`
    add(finding(name, what, 'answer with everything that was registered (RFC 7591 §3.2.1)'))
  } else if (strict && nulls.length > 0)
    add(problem(name, `the answer has null in ${nulls.join(', ').slice(0, 200)}: the client cannot read it`, 'leave out what has no value'))
  else add(ok(name, `client ${json['client_id'].slice(0, 100)}`))
  const { registration_client_uri: url, registration_access_token: token } = json
  const management = typeof url === 'string' && typeof token === 'string' ? { url, token } : undefined
  return { clientId: json['client_id'], byDocument: false, readable, port, management }
}

/** Leaves nothing behind where that is possible; elsewhere says what stays. */
export async function forget(
  { clientId, byDocument, management }: Identity,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<void> {
  if (byDocument) return
  const name = 'clean-up'
  if (management === undefined) {
    add(ok(name, `client ${clientId.slice(0, 100)} stays registered: the server offers no way to remove it`))
    return
  }
  const answer = await asking.ask(management.url, { method: 'DELETE', headers: { authorization: `Bearer ${management.token}` } })
  if (typeof answer !== 'string' && answer.status === 204) add(ok(name, 'the registration was removed again'))
  else {
    const said = typeof answer === 'string' ? answer : `answered ${answer.status}`
    add(
      warning(
        name,
        `client ${clientId.slice(0, 100)} could not be removed (${said})`,
        'answer 204 to DELETE at registration_client_uri (RFC 7592 §2.3)',
      ),
    )
  }
}

/** The error's name is one of a few words; whatever else stands there is not shown. */
export const codeOf = (json: Readonly<Record<string, unknown>> | undefined): string => {
  const code = json?.['error']
  return typeof code === 'string' && /^[a-z_]{1,64}$/.test(code) ? ` ${code}` : ''
}

function fixOf(status: number, json: Readonly<Record<string, unknown>> | undefined, profile: ClientProfile, redirectUri: string): string {
  if (status === 401 || status === 403) return 'let clients register without a credential, and limit how many an address may register'
  if (status === 429) return 'wait, and try again; many clients register at every start'
  const isRedirect = /redirect/.test(`${codeOf(json)} ${JSON.stringify(json?.['error_description'] ?? '')}`)
  if (isRedirect && profile.registration['application_type'] === undefined)
    return `allow ${redirectUri} without an application_type: the default of OpenID Connect, web, locks this client out (RFC 8252 §7.3)`
  if (isRedirect) return `allow http redirects to loopback, such as ${redirectUri} (RFC 8252 §7.3)`
  return 'take the metadata that this client sends, and leave out what you do not know (RFC 7591 §2)'
}
