/** How a request is refused: a code of the RFC that it is about, and a sentence that names the fix and quotes nothing. @module */

export interface Refusal<Code extends string = string> {
  readonly error: Code
  readonly description: string
}

export const isRefusal = (value: unknown): value is Refusal =>
  typeof value === 'object' && value !== null && 'error' in value && 'description' in value
