/**
 * What a browser lets a page read, for `doctor --as browser` (Fetch §3.2): a client that is a page fails before it can say why.
 *
 * @module
 */

import { resourceMetadataUrls, serverMetadataUrls } from '../../client/index.ts'
import type { Answer, Asking } from './as-requests.ts'
import { type Finding, ok, problem } from './check.ts'

const NAME = 'CORS'
const OPEN = 'answer Access-Control-Allow-Origin: * there, without credentials, errors and preflights too'

export async function checkCors(
  endpoint: URL,
  origin: string,
  server: Readonly<Record<string, unknown>> | undefined,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<void> {
  const allows = (answer: Answer | string): answer is Answer =>
    typeof answer !== 'string' && ['*', origin].includes(answer.headers.get('access-control-allow-origin') ?? '')
  const lists = (answer: Answer, header: string, wanted: readonly string[]): string[] => {
    const listed = (answer.headers.get(header) ?? '').toLowerCase().split(/\s*,\s*/)
    return wanted.filter((name) => !listed.includes(name) && !(listed.includes('*') && name !== 'authorization'))
  }
  const preflight = (url: string, method: string, headers: string): Promise<Answer | string> =>
    asking.ask(url, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': method, 'access-control-request-headers': headers },
    })

  const wanted = ['authorization', 'content-type', 'mcp-protocol-version']
  const before = await preflight(endpoint.href, 'POST', wanted.join(','))
  const refused = await asking.ask(endpoint.href, { method: 'POST', headers: { origin, 'content-type': 'application/json' }, body: '{}' })
  const name = `pages of ${origin} in the server’s cors settings (sallyport: cors.origin)`
  if (!allows(before) || !allows(refused)) add(problem(NAME, `${endpoint.pathname} is closed to pages of ${origin}`, `name ${name}`))
  else {
    const missing = lists(before, 'access-control-allow-headers', wanted)
    const hidden = lists(refused, 'access-control-expose-headers', ['www-authenticate'])
    if (missing.length > 0)
      add(problem(NAME, `${endpoint.pathname} does not allow ${missing.join(', ')}`, 'list them in Access-Control-Allow-Headers'))
    if (hidden.length > 0)
      add(problem(NAME, `${endpoint.pathname} hides WWW-Authenticate from pages`, 'list it in Access-Control-Expose-Headers'))
    if (missing.length + hidden.length === 0) add(ok(NAME, `${endpoint.pathname} is open to pages of ${origin}`))
  }

  const issuer = typeof server?.['issuer'] === 'string' ? [serverMetadataUrls(new URL(server['issuer']))[0]?.href] : []
  const documents = [resourceMetadataUrls(endpoint)[0]?.href, ...issuer].filter((url) => url !== undefined)
  const posts = ['registration_endpoint', 'token_endpoint'].map((member) => server?.[member]).filter((url) => typeof url === 'string')
  const closed: string[] = []
  for (const url of documents) if (!allows(await asking.ask(url, { headers: { origin } }))) closed.push(new URL(url).pathname)
  for (const url of posts) if (!allows(await preflight(url, 'POST', 'content-type'))) closed.push(new URL(url).pathname)
  if (closed.length > 0) add(problem(NAME, `closed to pages: ${closed.join(', ')}`, OPEN))
  else add(ok(NAME, 'metadata, registration and tokens are open to pages'))
}
