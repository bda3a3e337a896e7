/**
 * The first half of `doctor --as`: from the endpoint's URL to the authorization server's metadata, in the order of one client. Ends
 * where that client would.
 *
 *   first requests → challenge → resource metadata → server metadata
 *
 * @module
 */

import { isResource, parseChallenge, resourceMetadataUrls, serverMetadataUrls } from '../../client/index.ts'
import type { Answer, Asking } from './as-requests.ts'
import { type Finding, ok, problem, warning } from './check.ts'
import type { ClientProfile } from './client-profiles.ts'

/** What the client knows by then; the findings tell the rest. */
export interface Found {
  /** As the metadata writes it (RFC 8707 §2). */
  readonly resource: string
  readonly scope: string | undefined
  readonly server: Readonly<Record<string, unknown>>
}

const WELL_KNOWN = 'let /.well-known/ through whatever is in front of the server, and answer JSON there without a credential'

export async function discoverAs(
  endpoint: URL,
  profile: ClientProfile,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<Found | undefined> {
  const challenged = await askFirst(endpoint, profile, asking, add)
  if (challenged === 'open' || challenged === 'lost') return undefined
  const challenge = parseChallenge(challenged?.headers.get('www-authenticate') ?? null)
  if (challenged !== undefined && challenge === undefined)
    add(
      warning(
        'challenge',
        'the 401 has no Bearer challenge: the client has to guess',
        'answer 401 with WWW-Authenticate: Bearer resource_metadata="…", scope="…" (RFC 9728 §5.1)',
      ),
    )
  else if (challenge !== undefined && challenge.resourceMetadata === undefined)
    add(
      warning(
        'challenge',
        'names no resource_metadata: the client has to guess',
        'add resource_metadata="https://…" to the challenge (RFC 9728 §5.1)',
      ),
    )

  const resource = await loadResource(endpoint, profile, challenge?.resourceMetadata, asking, add)
  if (resource === undefined) return undefined
  const issuer = issuerOf(resource, add)
  if (issuer === undefined) return undefined
  const server = await loadServer(issuer, asking, add)
  if (server === undefined) return undefined
  const supported = strings(resource['scopes_supported'])?.join(' ')
  const scope = challenge?.scopes?.join(' ') ?? supported
  return { resource: String(resource['resource']), scope: scope === '' ? undefined : scope, server }
}

/** The last 401; undefined where this client asks for none. */
async function askFirst(
  endpoint: URL,
  { first, name: client }: ClientProfile,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<Answer | undefined | 'open' | 'lost'> {
  let last: Answer | undefined
  for (const { method, headers, message } of first) {
    const what = message === undefined ? method : `${method} ${String(message['method'])}`
    const name = 'first request'
    const answer = await asking.ask(endpoint.href, { method, headers, ...(message && { body: JSON.stringify(message) }) })
    if (typeof answer === 'string') {
      add(problem(name, `${what}: ${answer}`, 'start the server, or correct the URL'))
      return 'lost'
    }
    if (answer.status >= 200 && answer.status < 300) {
      add(
        warning(
          name,
          `${what} was answered ${answer.status} without a credential: ${client} never signs in`,
          'demand a credential of every request, unless the server is meant for everybody',
        ),
      )
      return 'open'
    }
    if (answer.status !== 401) {
      const version = headers['mcp-protocol-version']
      const also = version === undefined ? '' : ` (MCP-Protocol-Version ${version})`
      add(
        problem(
          name,
          `${what}${also} was answered ${answer.status}, not 401: ${client} takes it for a server without sign-in`,
          'check the credential before anything else, whatever the method and the protocol version (RFC 9728 §5)',
        ),
      )
      return 'lost'
    }
    last = answer
    add(ok(name, `${what} is answered 401`))
  }
  return last
}

async function loadResource(
  endpoint: URL,
  profile: ClientProfile,
  challenged: string | undefined,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const name = 'resource metadata'
  const [byPath, root = byPath] = resourceMetadataUrls(endpoint).map(({ href }) => href)
  const inside = new URL(`${endpoint.pathname.replace(/\/$/, '')}/.well-known/oauth-protected-resource`, endpoint).href
  const guesses = { path: byPath as string, inside, root: root as string }
  // A challenge is an answer, not a hint: where it leads nowhere, clients of the SDK stop.
  const places = challenged === undefined ? [...new Set(profile.resourcePlaces.map((place) => guesses[place]))] : [challenged]
  const none = challenged === undefined ? WELL_KNOWN : 'serve the document at the address that the challenge names'
  const found = await firstDocument(name, places, none, asking, add)
  if (found === undefined) return undefined
  const { place, document } = found
  const named = document['resource']
  if (typeof named !== 'string' || !isResource(named, endpoint)) {
    const fix = 'use that address, or correct the public URL of the server: clients stop where the two differ (RFC 9728 §3.3)'
    add(problem(name, `${place} is for ${String(named).slice(0, 100)}, not for ${endpoint.href}`, fix))
    return undefined
  }
  add(ok(name, place))
  return document
}

/** What is at the first of the places that answers anything but 4xx; `none`: what to do where no place does. */
async function firstDocument(
  name: string,
  places: readonly string[],
  none: string,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<{ readonly place: string; readonly document: Readonly<Record<string, unknown>> } | undefined> {
  for (const place of places) {
    const answer = await asking.ask(place)
    if (typeof answer === 'string') {
      add(problem(name, `${place}: ${answer}`, WELL_KNOWN))
      return undefined
    }
    if (answer.status >= 400 && answer.status < 500) continue
    if (answer.status === 200 && answer.json !== undefined) return { place, document: answer.json }
    add(problem(name, `${place} answered ${answer.status} and no JSON object`, WELL_KNOWN))
    return undefined
  }
  add(problem(name, `none at ${places.join(', nor at ')}`, none))
  return undefined
}

/** Simple strings from here on: who normalizes an issuer can be led to take one for another (RFC 8414 §3.3). */
function issuerOf(resource: Readonly<Record<string, unknown>>, add: (finding: Finding) => void): string | undefined {
  const [issuer] = strings(resource['authorization_servers']) ?? []
  if (issuer !== undefined && URL.canParse(issuer)) return issuer
  add(problem('resource metadata', 'names no authorization server', 'list the issuer in authorization_servers (RFC 9728 §2)'))
  return undefined
}

async function loadServer(
  issuer: string,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<Readonly<Record<string, unknown>> | undefined> {
  const name = 'server metadata'
  const places = serverMetadataUrls(new URL(issuer)).map(({ href }) => href)
  const found = await firstDocument(name, places, WELL_KNOWN, asking, add)
  if (found === undefined) return undefined
  const wrong = problemsOf(found.document, issuer)
  for (const [what, fix] of wrong) add(problem(name, what, fix))
  if (wrong.length > 0) return undefined
  add(ok(name, found.place))
  return found.document
}

/** What makes clients stop right here, each with its fix. */
function problemsOf(metadata: Readonly<Record<string, unknown>>, issuer: string): [found: string, fix: string][] {
  const wrong: [string, string][] = []
  const lists = (member: string, value: string): boolean => strings(metadata[member])?.includes(value) === true
  if (metadata['issuer'] !== issuer)
    wrong.push([
      `is of ${String(metadata['issuer']).slice(0, 100)}, not of ${issuer}`,
      'write the issuer the same, to the letter, in both documents (RFC 8414 §3.3)',
    ])
  for (const member of ['authorization_endpoint', 'token_endpoint'])
    if (typeof metadata[member] !== 'string' || !URL.canParse(metadata[member]))
      wrong.push([`has no ${member}`, `name the ${member} by its whole URL (RFC 8414 §2)`])
  if (!lists('code_challenge_methods_supported', 'S256'))
    wrong.push([
      'does not say that PKCE with S256 is supported',
      'list S256 in code_challenge_methods_supported: clients refuse to go on without it',
    ])
  if (metadata['response_types_supported'] !== undefined && !lists('response_types_supported', 'code'))
    wrong.push(['has no authorization code flow', 'list code in response_types_supported'])
  if (metadata['token_endpoint_auth_methods_supported'] !== undefined && !lists('token_endpoint_auth_methods_supported', 'none'))
    wrong.push(['has no public clients', 'list none in token_endpoint_auth_methods_supported: programs on a desk keep no secret'])
  return wrong
}

const strings = (value: unknown): readonly string[] | undefined =>
  Array.isArray(value) && value.every((item) => typeof item === 'string') ? value : undefined
