/** How much one snippet may use. @module */

export interface SnippetLimits {
  /** From its beginning to its end, the calls of its tools included. */
  readonly timeoutMs: number
  /** That it runs itself. */
  readonly runSeconds: number
  /** What its values may take. */
  readonly memoryMb: number
  readonly maxCalls: number
  readonly maxConcurrentCalls: number
  /** Of what it returns, and of the arguments of one call. */
  readonly resultBytes: number
  /** Of what it says on the way. */
  readonly logCharacters: number
}

export const snippetDefaults: SnippetLimits = Object.freeze({
  timeoutMs: 60_000,
  runSeconds: 10,
  memoryMb: 64,
  maxCalls: 50,
  maxConcurrentCalls: 8,
  resultBytes: 1024 * 1024,
  logCharacters: 8_192,
})
