/** How a grant is refused: with a code of RFC 6749 §5.2 or RFC 8693 §2.2.2. @module */

import type { Refusal } from '../refusal.ts'

export type GrantRefusal = Refusal<'invalid_request' | 'invalid_grant' | 'invalid_scope' | 'invalid_target' | 'unauthorized_client'>

export const invalidRequest = (description: string): GrantRefusal => ({ error: 'invalid_request', description })
export const invalidGrant = (description: string): GrantRefusal => ({ error: 'invalid_grant', description })
export const invalidScope = (description: string): GrantRefusal => ({ error: 'invalid_scope', description })
export const invalidTarget = (description: string): GrantRefusal => ({ error: 'invalid_target', description })
export const unauthorizedClient = (description: string): GrantRefusal => ({ error: 'unauthorized_client', description })
