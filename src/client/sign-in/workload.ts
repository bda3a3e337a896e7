/**
 * A job or a pod, as what its platform says it is (RFC 7523 §2.1, SEP-1933): the platform's token is shown to the authorization server,
 * and to nobody else. There is no registration, and no secret to keep.
 *
 * Not checked: the platform's token. Whoever it is shown to verifies it, and a platform that cannot be told whom it is for leaves `aud`
 * to an agreement of the two.
 *
 * @module
 */

import type { MachineGrant } from './machine-grant.ts'
import { toScopeField } from './machine-grant.ts'
import { subjectOf } from './machine-record.ts'
import { type AskProgram, askProgram } from './program-token.ts'

export const JWT_BEARER_GRANT = 'urn:ietf:params:oauth:grant-type:jwt-bearer'

export interface WorkloadParts {
  readonly clientId: string | undefined
  /** What the platform says now. */
  readonly token: AskProgram
  readonly learn: (secret: string) => void
}

export function createWorkload({ clientId, token, learn }: WorkloadParts): MachineGrant {
  return {
    kind: 'workload',
    clientId,
    // Optional beside an assertion (RFC 7521 §4.1): the assertion says who it is.
    identify: ({ issuer }) => (clientId === undefined ? undefined : { issuer, clientId, method: 'none' }),
    async begin() {
      const assertion = await askProgram('auth.token', token)
      learn(assertion)
      return {
        subject: await subjectOf(assertion),
        toFields: async ({ scopes }) => ({ grant_type: JWT_BEARER_GRANT, assertion, ...toScopeField(scopes) }),
      }
    },
    step: 'Check what auth.token() answers (its audience, and that it has not expired), auth.scopes, and the rules for workloads at the authorization server.',
  }
}
