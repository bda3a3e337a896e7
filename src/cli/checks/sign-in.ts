/** Checks of the identity providers at which people sign in: asks each as guard would, and says what to register there. @module */

import { systemClock } from '../../core/index.ts'
import type { Config } from '../../gateway/index.ts'
import { callbackUrl } from '../../oauth/index.ts'
import { createOpenIdProvider } from '../../people/index.ts'
import { originsOf, siteOf } from '../../server/index.ts'
import { type Finding, ok, problem } from './check.ts'

export async function checkSignIn({ auth, listen }: Pick<Config, 'auth' | 'listen'>): Promise<Finding[]> {
  const { issuer } = siteOf(listen, originsOf(listen, listen.port))
  return Promise.all(
    (auth?.signIn ?? []).map(async (options, at) => {
      const provider = createOpenIdProvider({ options, clock: systemClock })
      const wrong = await provider.check().finally(() => provider.close())
      const redirectUri = callbackUrl(issuer, options.id)
      if (wrong === undefined)
        return ok('sign-in', `${options.title} (${options.issuer}) can be asked; its redirect URI for here is ${redirectUri}`)
      const entry = `auth.signIn[${at}]`
      return problem(
        'sign-in',
        `${options.title} (${options.issuer}): ${wrong}`,
        `correct ${entry}.issuer, ${entry}.clientId or ${entry}.clientSecret, or make the provider reachable from this machine`,
      )
    }),
  )
}
