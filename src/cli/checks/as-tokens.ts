/**
 * What a client does with refusals, for `doctor --as`: from the token endpoint it learns whether to sign in again or to register
 * again, from the endpoint's 401 that its token has ended. With any other answer it is stuck until its user clears something by hand.
 *
 * @module
 */

import { randomBytes } from 'node:crypto'
import type { Found } from './as-discovery.ts'
import { codeOf, type Identity } from './as-registration.ts'
import type { Answer, Asking } from './as-requests.ts'
import { type Finding, ok, problem } from './check.ts'

const NAME = 'token'

export async function refuseAs(
  endpoint: URL,
  { server, resource }: Found,
  { clientId, byDocument }: Identity,
  asking: Asking,
  add: (finding: Finding) => void,
): Promise<void> {
  const none = `doctor-${randomBytes(24).toString('base64url')}`
  const refresh = (id: string): Promise<Answer | string> =>
    asking.ask(String(server['token_endpoint']), {
      method: 'POST',
      headers: { 'content-type': 'application/x-www-form-urlencoded', accept: 'application/json' },
      body: new URLSearchParams({ grant_type: 'refresh_token', refresh_token: none, client_id: id, resource }).toString(),
    })
  const judge = (what: string, answer: Answer | string, code: string, fix: string): void => {
    if (typeof answer === 'string') add(problem(NAME, `${what}: ${answer}`, 'see the log of the authorization server'))
    else if (answer.status >= 400 && answer.status < 500 && answer.json?.['error'] === code) add(ok(NAME, `${what}: ${code}`))
    else add(problem(NAME, `${what} was answered ${answer.status}${codeOf(answer.json)}, not ${code}`, fix))
  }
  judge(
    'a refresh token that is none',
    await refresh(clientId),
    'invalid_grant',
    'answer 400 invalid_grant: the client then signs in again (RFC 6749 §5.2)',
  )
  // An id that is a document is never unknown, and the client does not register.
  if (!byDocument)
    judge(
      'a client that is none',
      await refresh(none),
      'invalid_client',
      'answer 401 invalid_client: the client then registers again (RFC 6749 §5.2)',
    )

  const answer = await asking.ask(endpoint.href, {
    method: 'POST',
    headers: { accept: 'application/json, text/event-stream', 'content-type': 'application/json', authorization: `Bearer ${none}` },
    body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/list', params: {} }),
  })
  const what = 'an access token that is none'
  if (typeof answer === 'string') add(problem('ended token', `${what}: ${answer}`, 'see the log of the server'))
  else if (answer.status === 401) add(ok('ended token', `${what} is answered 401`))
  else
    add(
      problem(
        'ended token',
        `${what} was answered ${answer.status}, not 401`,
        'answer 401 with error="invalid_token": the client then refreshes (RFC 6750 §3.1)',
      ),
    )
}
