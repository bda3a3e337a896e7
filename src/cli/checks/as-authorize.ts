/**
 * Up to the sign-in page, for `doctor --as`: opens the address that the client would open in a browser. Where that does not lead to a
 * page, the same is asked again with one thing less, and what helps is named as what is in the way. Nobody is signed in.
 *
 * @module
 */

import { createHash, randomBytes } from 'node:crypto'
import type { Found } from './as-discovery.ts'
import { anyPort, codeOf, type Identity, redirectUriOf } from './as-registration.ts'
import type { Asking } from './as-requests.ts'
import { type Finding, ok, problem } from './check.ts'
import type { ClientProfile } from './client-profiles.ts'

type Parameters = Readonly<Record<string, string | undefined>>
interface Reached {
  readonly page: boolean
  /** What came instead, or where the page is. */
  readonly what: string
}

const MAX_HOPS = 8
const NAME = 'authorize'

/** Whether the server knows the client, as far as this tells. */
export async function authorizeAs(
  { server, resource, scope }: Found,
  identity: Identity,
  profile: ClientProfile,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<boolean> {
  const endpoint = String(server['authorization_endpoint'])
  const offered = server['scopes_supported']
  const offline = profile.offlineAccess && scope !== undefined && Array.isArray(offered) && offered.includes('offline_access')
  const port = identity.port ?? anyPort()
  const usual: Parameters = {
    response_type: 'code',
    client_id: identity.clientId,
    redirect_uri: redirectUriOf(profile, port),
    code_challenge: createHash('sha256').update(randomBytes(32)).digest('base64url'),
    code_challenge_method: 'S256',
    state: profile.sendsState ? randomBytes(16).toString('base64url') : undefined,
    scope: offline && !scope.split(' ').includes('offline_access') ? `${scope} offline_access` : scope,
    prompt: offline && profile.promptsConsent ? 'consent' : undefined,
    resource,
  }
  const open = (changes: Parameters = {}): Promise<Reached> => reach(endpoint, { ...usual, ...changes }, asking)

  const reached = await open()
  if (!reached.page) {
    add(await blame(reached.what, identity, usual, scope, open))
    return !identity.byDocument
  }
  add(ok(NAME, reached.what))
  if (profile.redirect.port !== undefined || identity.port === undefined) return true
  const again = await open({ redirect_uri: redirectUriOf(profile, anyPort(identity.port)) })
  if (again.page) add(ok('other port', 'the next sign-in may come from another port'))
  else
    add(
      problem(
        'other port',
        `${again.what}: the next sign-in of this client comes from another port than it registered`,
        'compare loopback redirects without their port (RFC 8252 §7.3)',
      ),
    )
  return true
}

/** What is in the way: whatever helps when it is left out. */
async function blame(
  what: string,
  { byDocument, clientId }: Identity,
  usual: Parameters,
  scope: string | undefined,
  open: (changes: Parameters) => Promise<Reached>,
): Promise<Finding> {
  if (byDocument) return problem(NAME, `${what} for ${clientId}`, DOCUMENT)
  for (const [suspect, changes, fix] of suspects(usual, scope))
    if ((await open(changes)).page) return problem(NAME, `${what}; without ${suspect} it goes on`, fix)
  return problem(NAME, what, 'see the log of the authorization server')
}

const DOCUMENT =
  'let the server fetch that address (outbound https), or stop saying client_id_metadata_document_supported: then the client registers itself'

/** What servers were seen to stumble over, each as a change that leaves it out. */
function suspects(usual: Parameters, scope: string | undefined): [what: string, changes: Parameters, fix: string][] {
  const list: [string, Parameters, string][] = []
  if (usual['prompt'] !== undefined)
    list.push(['prompt=consent', { prompt: undefined }, 'take prompt=consent: clients send it with offline_access'])
  if (usual['scope'] !== scope)
    list.push(['offline_access', { scope, prompt: undefined }, 'take offline_access, or leave it out of scopes_supported'])
  if (scope !== undefined)
    list.push([
      'a scope',
      { scope: undefined, prompt: undefined },
      'leave out scopes that you do not know instead of refusing (RFC 6749 §3.3), or correct the challenge and scopes_supported',
    ])
  if (usual['state'] === undefined)
    list.push(['leaving out the state', { state: 'present' }, 'do not demand state: PKCE does its work (RFC 6749 §4.1.1)'])
  list.push(['resource', { resource: undefined }, 'take resource in authorization and token requests (RFC 8707 §2)'])
  return list
}

/** As a browser without a window: cookies, redirects on the same origin, and a page or what came instead. */
async function reach(endpoint: string, parameters: Parameters, asking: Asking): Promise<Reached> {
  const start = new URL(endpoint)
  for (const [name, value] of Object.entries(parameters)) if (value !== undefined) start.searchParams.set(name, value)
  const redirectUri = parameters['redirect_uri'] as string
  const cookies = new Map<string, string>()
  let url = start
  for (let hop = 0; hop < MAX_HOPS; hop++) {
    const cookie = [...cookies].map(([name, value]) => `${name}=${value}`).join('; ')
    const answer = await asking.ask(url.href, { headers: { accept: 'text/html,application/xhtml+xml', ...(cookie && { cookie }) } })
    if (typeof answer === 'string') return { page: false, what: `${url.origin}${url.pathname}: ${answer}` }
    const { status, headers, json } = answer
    if (status >= 200 && status < 300) return { page: true, what: `leads to a page at ${url.origin}${url.pathname}` }
    const location = headers.get('location')
    const next = location === null ? null : URL.parse(location, url.href)
    if (status < 300 || status > 399 || next === null) return { page: false, what: `answered ${status}${codeOf(json)}` }
    if (next.href.startsWith(redirectUri)) {
      const error = codeOf({ error: next.searchParams.get('error') })
      if (next.searchParams.has('error')) return { page: false, what: `sent the person back with${error || ' an error'}` }
      return { page: true, what: 'sent the person back at once, without a question' }
    }
    if (next.origin !== start.origin) return { page: true, what: `leads on to ${next.origin}` }
    for (const line of headers.getSetCookie()) {
      const [, name, value] = /^([^=;]+)=([^;]*)/.exec(line) ?? []
      if (name !== undefined && value !== undefined) cookies.set(name.trim(), value.trim())
    }
    url = next
  }
  return { page: false, what: `did not end after ${MAX_HOPS} redirects` }
}
