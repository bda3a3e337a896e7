/**
 * The parameters of an authorization or token request, as the provider wants them: the canonical resource in place of
 * each name that stands for it, and without what OpenID Connect would be needed for. Pure.
 *
 * @module
 */

import type { Resources } from './resources.ts'

// The provider refuses these without the scope `openid`, which does not exist here; they change nothing for OAuth.
const openIdOnly = ['nonce', 'acr_values', 'claims', 'claims_locales', 'id_token_hint', 'max_age']
const prompts = ['none', 'login', 'consent']

/** An unknown resource stays, and is refused as `invalid_target`. */
export function cleanParameters(given: URLSearchParams, resources: Resources): URLSearchParams {
  const cleaned = new URLSearchParams()
  const seen = new Set<string>()
  for (const [name, value] of given) {
    if (openIdOnly.includes(name)) continue
    if (name === 'resource') {
      const resource = resources.canonicalize(value) ?? value
      if (value !== '' && !seen.has(resource)) cleaned.append(name, resource)
      seen.add(resource)
    } else if (name === 'prompt') {
      const known = value.split(' ').filter((prompt) => prompts.includes(prompt))
      if (known.length > 0) cleaned.append(name, known.join(' '))
    } else cleaned.append(name, value)
  }
  return cleaned
}
