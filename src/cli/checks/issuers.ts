/** Checks of the issuers that the configuration trusts: asks each for its metadata and its keys, as guard would. @module */

import { systemClock } from '../../core/index.ts'
import type { Config } from '../../gateway/index.ts'
import { problemWithIssuer } from '../../oauth/index.ts'
import { type Finding, ok, problem } from './check.ts'

export async function checkIssuers({ auth }: Pick<Config, 'auth'>): Promise<Finding[]> {
  const own = auth?.issuer === undefined ? [] : [{ place: 'auth', issuer: auth.issuer, jwksUri: auth.jwksUri }]
  const trusted = (auth?.trustedIssuers ?? []).map(({ issuer, jwksUri }, at) => ({ place: `auth.trustedIssuers[${at}]`, issuer, jwksUri }))
  return Promise.all(
    [...own, ...trusted].map(async ({ place, issuer, jwksUri }) => {
      const wrong = await problemWithIssuer({ issuer, jwksUri }, systemClock)
      if (wrong === undefined) return ok('issuer', `${issuer} publishes keys that can be used`)
      return problem(
        'issuer',
        `${issuer}: ${wrong}`,
        `correct ${place}.issuer or ${place}.jwksUri, or make the issuer reachable from this machine`,
      )
    }),
  )
}
