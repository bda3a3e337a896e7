// What `doctor --as` plays back is what the real client did just now, as far as the address tells that it opened in the browser.

import assert from 'node:assert/strict'
import { clientProfiles } from '../../src/cli/checks/client-profiles.ts'

/** `visits`: what the browser wrote down. @throws where the two differ. */
export function checkProfile(id: string, visits: string): void {
  const profile = clientProfiles.find((one) => one.id === id)
  assert.ok(profile, `doctor does not act as ${id}`)
  const [, text = '{}'] = /^asked (.*)$/m.exec(visits) ?? []
  const asked = JSON.parse(text) as Record<string, string | undefined>
  const redirect = new URL(asked['redirect_uri'] ?? '')
  const seen = {
    redirect: `${redirect.hostname}${redirect.pathname}`,
    prompt: asked['prompt'],
    state: asked['state'] !== undefined,
    offlineAccess: asked['scope']?.split(' ').includes('offline_access') === true,
    resource: asked['resource'] !== undefined,
    method: asked['code_challenge_method'],
  }
  assert.deepEqual(
    seen,
    {
      redirect: `${profile.redirect.host}${profile.redirect.path}`,
      prompt: profile.promptsConsent ? 'consent' : undefined,
      state: profile.sendsState,
      offlineAccess: profile.offlineAccess,
      resource: true,
      method: 'S256',
    },
    `${id} asked otherwise than doctor --as ${id} does`,
  )
}
