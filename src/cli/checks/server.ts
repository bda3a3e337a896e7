/** Checks of a server that runs, from outside: what a client does before it signs in. Sends no credential. @module */

import { Agent, type RequestInit, type Response, fetch as send } from 'undici'
import { createDialer } from '../../net/index.ts'
import { type Finding, ok, problem, warning } from './check.ts'
import { checkTls } from './tls.ts'

type Ask = (path: string, init?: RequestInit) => Promise<Response | string>

const DEADLINE_MS = 5000

export async function checkServer(url: string): Promise<Finding[]> {
  const ofTls = await checkTls(url)
  // Where nobody can connect, why is said by now: that it does not answer would say that it does not run.
  if (ofTls.length > 0 && ofTls.every(({ status }) => status !== 'ok')) return ofTls
  // Certificates are verified here as everywhere, whatever the process was started with.
  const dispatcher = new Agent({ connect: createDialer({ allowPrivate: true }).connect })
  try {
    return [...ofTls, ...(await checkWith(url, dispatcher))]
  } finally {
    await dispatcher.destroy()
  }
}

async function checkWith(url: string, dispatcher: Agent): Promise<Finding[]> {
  const endpoint = URL.parse(url)
  if (endpoint === null || !/^https?:$/.test(endpoint.protocol))
    return [problem('url', 'is not an http or https URL', 'give the address of the endpoint, such as http://localhost:7777/mcp')]
  const ask: Ask = (path, init = {}) =>
    send(new URL(path, endpoint).href, { redirect: 'manual', dispatcher, ...init, signal: AbortSignal.timeout(DEADLINE_MS) }).catch(
      reasonOf,
    )

  const first = await ask(endpoint.href)
  if (typeof first === 'string')
    return [problem('server', `${endpoint.origin} does not answer (${first})`, 'start it with `sallyport guard`, or correct the URL')]
  const findings = [refusal('GET', first, endpoint)]
  const post = {
    method: 'POST',
    headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
    body: '{}',
  }
  const second = await ask(endpoint.href, post)
  findings.push(typeof second === 'string' ? problem('401 POST', second, 'see the log of guard') : refusal('POST', second, endpoint))

  const path = endpoint.pathname === '/' ? '' : endpoint.pathname
  let issuer: string | undefined
  for (const place of new Set([`/.well-known/oauth-protected-resource${path}`, '/.well-known/oauth-protected-resource'])) {
    const metadata = await json(await ask(place))
    findings.push(resourceMetadata(place, metadata, endpoint))
    const named = (metadata?.['authorization_servers'] as unknown[] | undefined)?.[0]
    if (typeof named === 'string') issuer ??= named
  }
  if (issuer !== undefined) findings.push(...(await authorizationServer(issuer, ask)))
  return findings
}

/** RFC 9728 §5.1: the 401 says where the metadata is; without it clients have to guess. */
function refusal(method: string, response: Response, endpoint: URL): Finding {
  const name = `401 ${method}`
  const fix = 'this is not a Sallyport endpoint, or something in front of it answers in its place: compare the URL with what guard prints'
  void response.body?.cancel()
  if (response.status !== 401) return problem(name, `${endpoint.pathname} answered ${response.status} without a credential`, fix)
  const challenge = response.headers.get('www-authenticate') ?? ''
  if (!/^Bearer\b/i.test(challenge))
    return problem(name, 'no Bearer challenge', 'let WWW-Authenticate through whatever is in front of the server')
  if (!/resource_metadata="https?:\/\//.test(challenge)) return problem(name, 'the challenge names no resource_metadata', fix)
  const [, scope] = /scope="([^"]*)"/.exec(challenge) ?? []
  return ok(name, `challenge with resource_metadata${scope ? `, scope ${scope}` : ''}`)
}

function resourceMetadata(place: string, metadata: Record<string, unknown> | undefined, endpoint: URL): Finding {
  const name = 'resource metadata'
  if (metadata === undefined)
    return problem(name, `${place} is not JSON, or is not there`, 'let /.well-known/ through whatever is in front of the server')
  // Clients stop where the resource is not the URL that they asked.
  if (metadata['resource'] !== endpoint.href)
    return problem(
      name,
      `${place} is for ${String(metadata['resource']).slice(0, 100)}`,
      `use that address, or correct the server's public URL`,
    )
  return ok(name, place)
}

async function authorizationServer(issuer: string, ask: Ask): Promise<Finding[]> {
  const name = 'sign-in'
  const { origin, pathname } = new URL(issuer)
  const metadata = await json(await ask(`${origin}/.well-known/oauth-authorization-server${pathname === '/' ? '' : pathname}`))
  if (metadata === undefined)
    return [problem(name, `no metadata for ${issuer}`, 'let /.well-known/ through whatever is in front of the server')]
  const findings: Finding[] = []
  // RFC 8414 §3.3: another issuer in the document is an attack or a wrong configuration.
  if (metadata['issuer'] !== issuer) findings.push(problem(name, 'the metadata names another issuer', "correct the server's public URL"))
  else findings.push(ok(name, `metadata of ${issuer}`))
  const methods = metadata['code_challenge_methods_supported']
  if (Array.isArray(methods) && methods.length === 1 && methods[0] === 'S256') findings.push(ok('PKCE', 'S256 only'))
  else findings.push(problem('PKCE', 'S256 is not the only method', 'use an authorization server that demands S256'))
  if (typeof metadata['registration_endpoint'] === 'string') findings.push(ok('registration', 'offered: clients need no set-up (DCR)'))
  else findings.push(warning('registration', 'not offered: each client needs an id by hand', 'offer dynamic client registration'))
  return findings
}

async function json(response: Response | string): Promise<Record<string, unknown> | undefined> {
  if (typeof response === 'string' || response.status !== 200) return undefined
  const value: unknown = await response.json().catch(() => undefined)
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : undefined
}

function reasonOf(error: unknown): string {
  const code = ((error as Error | undefined)?.cause as NodeJS.ErrnoException | undefined)?.code
  return code ?? ((error as Error | undefined)?.name === 'TimeoutError' ? 'no answer within 5 s' : 'no connection')
}
