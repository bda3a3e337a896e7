/** Which paths are the authorization server's. Exact and case-sensitive: what is not listed is not ours. @module */

import type { Resources } from './resources.ts'
import type { SignInStep } from './sign-in-place.ts'

export type RouteName =
  | 'server-metadata'
  | 'resource-metadata'
  | 'jwks'
  | 'register'
  | 'registration'
  | 'token'
  | 'revoke'
  | 'introspect'
  | 'par'
  | 'device-authorization'
  | 'device'
  | 'device-resume'
  | 'authorize'
  | 'resume'
  | 'interaction'
  | 'sign-in-step'
  | 'switch-account'
  | 'consent'
  | 'setup'
  | 'sign-in'
  | 'own-sign-in-step'
  | 'sign-in-callback'
  | 'sign-out'
  | 'welcome'
  | 'account'

export interface Route {
  readonly name: RouteName
  /** Any origin may ask, without credentials. Pages are for their own origin only. */
  readonly cors: boolean
  readonly methods: readonly string[]
  /** The id in the path: of a sign-in under way, of a client, or of an identity provider. */
  readonly uid?: string | undefined
  /** What a form of a sign-in is about. */
  readonly step?: SignInStep | undefined
}

const api = (name: RouteName, ...methods: string[]): Route => ({ name, cors: true, methods: [...methods, 'OPTIONS'] })
const page = (name: RouteName, ...methods: string[]): Route => ({ name, cors: false, methods })

const fixed: Record<string, Route> = {
  '/jwks': api('jwks', 'GET', 'HEAD'),
  '/register': api('register', 'POST'),
  '/token': api('token', 'POST'),
  '/revoke': api('revoke', 'POST'),
  '/introspect': api('introspect', 'POST'),
  '/par': api('par', 'POST'),
  '/device_authorization': api('device-authorization', 'POST'),
  '/device': page('device', 'GET', 'POST'),
  '/authorize': page('authorize', 'GET'),
  '/setup': page('setup', 'GET', 'POST'),
  '/welcome': page('welcome', 'GET', 'POST'),
  '/sign-in': page('sign-in', 'GET'),
  '/account': page('account', 'GET', 'POST'),
  '/sign-out': page('sign-out', 'GET', 'POST'),
}
const steps: readonly SignInStep[] = ['login', 'second-factor', 'passkey', 'provider', 'provider-continue']
const withUid: [RegExp, Route][] = [
  ...steps.flatMap((step): [RegExp, Route][] => [
    [new RegExp(`^/interaction/([\\w-]{8,64})/${step}$`), { ...page('sign-in-step', 'POST'), step }],
    [new RegExp(`^/sign-in/${step}$`), { ...page('own-sign-in-step', 'POST'), step }],
  ]),
  [/^\/sign-in\/callback\/([\w-]{1,64})$/, page('sign-in-callback', 'GET')],
  [/^\/account\/([\w.~!*'()%/-]{1,400})$/, page('account', 'GET', 'POST')],
  [/^\/register\/([\w-]{8,64})$/, api('registration', 'GET', 'PUT', 'DELETE')],
  [/^\/authorize\/([\w-]{8,64})$/, page('resume', 'GET')],
  [/^\/device\/([\w-]{8,64})$/, page('device-resume', 'GET')],
  [/^\/interaction\/([\w-]{8,64})$/, page('interaction', 'GET')],
  [/^\/interaction\/([\w-]{8,64})\/switch$/, page('switch-account', 'POST')],
  [/^\/interaction\/([\w-]{8,64})\/consent$/, page('consent', 'POST')],
]

export type Routes = (pathname: string) => Route | undefined

/** `base`: the path of the issuer, without a trailing slash; mostly empty. */
export function createRoutes(base: string, resources: Resources): Routes {
  const exact = new Map<string, Route>()
  for (const [path, route] of Object.entries(fixed)) exact.set(base + path, route)
  // RFC 8414 §3.1 puts the well-known part before the issuer's path, OpenID Connect Discovery after it.
  for (const document of ['oauth-authorization-server', 'openid-configuration']) {
    for (const path of [`/.well-known/${document}${base}`, `${base}/.well-known/${document}`]) {
      exact.set(path, api('server-metadata', 'GET', 'HEAD'))
    }
  }
  for (const path of resources.metadataPaths) exact.set(path, api('resource-metadata', 'GET', 'HEAD'))

  return function route(pathname) {
    const found = exact.get(pathname)
    if (found !== undefined) return found
    if (!pathname.startsWith(base)) return undefined
    for (const [pattern, template] of withUid) {
      const match = pattern.exec(pathname.slice(base.length))
      if (match !== null) return { ...template, uid: match[1] }
    }
    return undefined
  }
}
