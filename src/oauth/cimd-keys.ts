/** How oidc-provider fetches the keys of a client whose document has a `jwks_uri`: guarded, and nothing else is fetched. @module */

import type { Configuration } from 'oidc-provider'
import type { GuardedFetch } from '../net/index.ts'

/** Fails by throwing, as the library wants it; it then refuses the client. */
export function createKeyFetch(guardedFetch: GuardedFetch): NonNullable<Configuration['fetch']> {
  return async (url) => {
    const target = typeof url === 'string' ? url : url instanceof URL ? url.href : url.url
    const fetched = await guardedFetch(target, { maxRedirects: 0 })
    if (!fetched.answered) throw new Error(`the keys of a client could not be fetched: ${fetched.problem}`)
    const { status, headers, body } = fetched
    return new Response(status === 200 ? new Uint8Array(body) : null, { status, headers: pick(headers) })
  }
}

/** What the library looks at. */
const pick = (headers: Readonly<Record<string, string>>): Record<string, string> =>
  Object.fromEntries(
    ['content-type', 'cache-control', 'expires'].flatMap((name) => (headers[name] === undefined ? [] : [[name, headers[name]]])),
  )
