/**
 * Nobody in particular: the caller without a credential, for a server whose author said `dangerouslyAllowAnonymous`. It has the
 * standard scopes and nothing else, and all such callers together are one principal with one budget.
 *
 * @module
 */

import { type Principal, STANDARD_SCOPES } from '../core/index.ts'

export const anonymous: Principal = Object.freeze({
  issuer: 'anonymous',
  subject: 'anonymous',
  clientId: 'anonymous',
  credential: 'none',
  scopes: STANDARD_SCOPES,
  roles: Object.freeze([]),
  credentialId: 'none',
})
