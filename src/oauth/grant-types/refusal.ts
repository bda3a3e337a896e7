/** How a grant is refused: a code of RFC 6749 §5.2 or RFC 8693 §2.2.2, and a sentence that names the fix and quotes nothing. @module */

export interface Refusal {
  readonly error: 'invalid_request' | 'invalid_grant' | 'invalid_scope' | 'invalid_target' | 'unauthorized_client'
  readonly sentence: string
}

export const invalidRequest = (sentence: string): Refusal => ({ error: 'invalid_request', sentence })
export const invalidGrant = (sentence: string): Refusal => ({ error: 'invalid_grant', sentence })
export const invalidScope = (sentence: string): Refusal => ({ error: 'invalid_scope', sentence })
export const invalidTarget = (sentence: string): Refusal => ({ error: 'invalid_target', sentence })
export const unauthorizedClient = (sentence: string): Refusal => ({ error: 'unauthorized_client', sentence })

export const isRefusal = (value: unknown): value is Refusal => typeof value === 'object' && value !== null && 'sentence' in value
