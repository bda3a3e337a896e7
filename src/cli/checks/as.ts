/**
 * `doctor --as`: plays back what one client does against a server that runs, from the first request to the sign-in page, and what it
 * does when it is refused. Signs nobody in, holds no secret, and registers at most one client, which it removes again where it can.
 *
 * @module
 */

import { authorizeAs } from './as-authorize.ts'
import { checkCors } from './as-cors.ts'
import { discoverAs } from './as-discovery.ts'
import { forget, identifyAs } from './as-registration.ts'
import { createAsking } from './as-requests.ts'
import { refuseAs } from './as-tokens.ts'
import type { Finding } from './check.ts'
import type { ClientProfile } from './client-profiles.ts'

/** `onFinding` hears each as it is found. */
export async function checkAs(endpoint: URL, profile: ClientProfile, onFinding: (finding: Finding) => void = () => {}): Promise<Finding[]> {
  const findings: Finding[] = []
  const add = (finding: Finding): void => {
    findings.push(finding)
    onFinding(finding)
  }
  const asking = createAsking(endpoint)
  try {
    const found = await discoverAs(endpoint, profile, asking, add)
    if (profile.origin !== undefined) await checkCors(endpoint, profile.origin, found?.server, asking, add)
    if (found === undefined) return findings
    const identity = await identifyAs(found.server, profile, asking, add)
    if (identity === undefined) return findings
    try {
      if (!identity.readable) return findings
      if (await authorizeAs(found, identity, profile, asking, add)) await refuseAs(endpoint, found, identity, asking, add)
    } finally {
      await forget(identity, asking, add)
    }
    return findings
  } finally {
    await asking.close()
  }
}
