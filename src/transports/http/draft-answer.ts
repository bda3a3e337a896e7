/**
 * An answer while somebody else writes it: looks like Node's and Express's response as far as that goes, and is bounded.
 * What it holds is a value until it is complete; nothing of it is sent from here.
 *
 * @module
 */

import type { LimitedResponse } from '../../guards/index.ts'
import type { Answer } from '../../pipeline/index.ts'

const MAX_BODY_BYTES = 65_536
const MAX_FIELDS = 32
const MAX_VALUE_CHARACTERS = 1_024
/** What frames a message, who may read it, and what we promise of every answer is not for others to say. */
const OURS =
  /^(?:connection|content-length|content-encoding|date|keep-alive|te|trailer|transfer-encoding|upgrade|set-cookie|www-authenticate|cache-control|vary|x-content-type-options|mcp-.*|access-control-.*)$/

export class DraftAnswer implements LimitedResponse {
  /** Undefined until it is complete. */
  written: Answer | undefined = undefined
  onWritten: (() => void) | undefined = undefined
  #status: number
  #contentType: string | undefined = undefined
  /** By the name in lower case. */
  readonly #fields = new Map<string, readonly [name: string, value: string]>()

  constructor({ status, headers }: Answer) {
    this.#status = status
    for (let at = 0; at + 1 < headers.length; at += 2) this.#put(headers[at] as string, headers[at + 1] as string)
  }

  get statusCode(): number {
    return this.#status
  }

  get headersSent(): boolean {
    return this.written !== undefined
  }

  status(code: number): this {
    if (!Number.isInteger(code) || code < 400 || code > 599) throw new RangeError('A refusal has a status from 400 to 599.')
    this.#status = code
    return this
  }

  getHeader(name: string): string | undefined {
    const key = name.toLowerCase()
    return key === 'content-type' ? this.#contentType : this.#fields.get(key)?.[1]
  }

  setHeader(name: string, value: string | number): this {
    const text = String(value)
    if (
      !/^[\w-]{1,64}$/.test(name) ||
      text.length > MAX_VALUE_CHARACTERS ||
      !/^[\x20-\x7e]*$/.test(text) ||
      this.#fields.size >= MAX_FIELDS
    )
      throw new RangeError('That is no header field, or one too many.')
    if (OURS.test(name.toLowerCase())) throw new RangeError('That header field cannot be set here.')
    this.#put(name, text)
    return this
  }

  json(value: unknown): this {
    return this.#finish(JSON.stringify(value), 'application/json')
  }

  send(body: unknown): this {
    return typeof body === 'string' ? this.#finish(body, 'text/plain; charset=utf-8') : this.json(body)
  }

  end(body = ''): this {
    return this.#finish(body, 'text/plain; charset=utf-8')
  }

  #put(name: string, value: string): void {
    if (name.toLowerCase() === 'content-type') this.#contentType = value
    else this.#fields.set(name.toLowerCase(), [name, value])
  }

  #finish(body: string | undefined, contentType: string): this {
    if (this.written) return this
    if (typeof body !== 'string' || Buffer.byteLength(body) > MAX_BODY_BYTES) throw new RangeError('That is no body, or one too large.')
    this.written = {
      status: this.#status,
      headers: [...this.#fields.values()].flat(),
      body: body === '' ? undefined : body,
      contentType: this.#contentType ?? contentType,
    }
    this.onWritten?.()
    return this
  }
}
