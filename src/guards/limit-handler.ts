/** What the author of a server may write about one refusal, in the words of Node's and Express's HTTP: bounded by the transport. @module */

/** The request that is refused. Without its credential: nothing here may be taken for a decision. */
export interface LimitedRequest {
  readonly method: string
  /** The path, without a query: that is no place for a secret, and some put one there. */
  readonly url: string
  readonly ip: string
  /** Lower-case names; without credentials and cookies. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>
}

/** The answer to it: status 429 and the fields that tell of the budget, unless something else is set. */
export interface LimitedResponse {
  readonly statusCode: number
  /** Whether the answer is complete. What is written after that is not sent. */
  readonly headersSent: boolean
  /** From 400 to 599: a refusal stays one. */
  status(code: number): LimitedResponse
  getHeader(name: string): string | undefined
  setHeader(name: string, value: string | number): LimitedResponse
  json(value: unknown): LimitedResponse
  /** A text, or a value as JSON. */
  send(body: unknown): LimitedResponse
  end(body?: string): LimitedResponse
}

/** May be asynchronous, within a second. The answer stands when `json`, `send` or `end` was called. */
export type LimitHandler = (request: LimitedRequest, response: LimitedResponse) => unknown
