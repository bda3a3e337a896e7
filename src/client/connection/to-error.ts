/**
 * What the SDK throws, as one of our three classes. What the server wrote reaches a message only shortened, on one line, and without
 * the secrets that it was given.
 *
 * @module
 */

import type * as Sdk from '@modelcontextprotocol/client'
import type { Redactor } from '../../core/index.ts'
import { AuthorizationError, MCPRequestError, TransportError } from '../errors.ts'
import { HookFailure } from '../hook-failure.ts'
import { LocalFailure } from './local-failure.ts'

export interface ErrorContext {
  readonly sdk: typeof Sdk
  readonly redactor: Redactor
  readonly host: string
}

const MAX_MESSAGE = 500

export function toClientError(error: unknown, context: ErrorContext): unknown {
  const { sdk, host } = context
  const inner = unwrap(error)
  if (inner instanceof HookFailure) return inner.cause
  if (inner instanceof AuthorizationError || inner instanceof TransportError) return inner
  if (inner instanceof sdk.ProtocolError) {
    if (inner.data instanceof LocalFailure) return inner.data.error
    return toRequestError(inner, context)
  }
  if (inner instanceof sdk.SdkHttpError) {
    const answered = parseError(inner.data.text)
    return answered
      ? toRequestError(answered, context)
      : new TransportError('http_status', `${host} answers ${inner.data.status}.`, inner.data.status)
  }
  if (inner instanceof sdk.SdkError) return fromSdkCode(inner.code, context)
  // What the SDK says where the connection went between two requests.
  const isGone = inner instanceof Error && (inner.name === 'AbortError' || inner.message === 'Not connected' || isBroken(inner))
  if (isGone) return new TransportError('closed', `The connection to ${host} was closed.`)
  // Messages of parsers quote what they could not read, and so do the SDK's plain ones. A `TypeError` is a fault of ours.
  if (inner instanceof SyntaxError || (inner instanceof Error && (inner.constructor === Error || inner.name === 'ZodError')))
    return new TransportError('malformed', `${host} sent what is no message of the protocol.`)
  return inner
}

/** The connection broke in the middle of a body. */
const isBroken = (error: Error): boolean =>
  error.name === 'HTTPParserError' || /^(?:UND_ERR_\w+|ECONNRESET|EPIPE|ETIMEDOUT)$/.test(String((error as { code?: unknown }).code))

/** The SDK puts what stopped it inside an error of its own, once or twice. */
function unwrap(error: unknown, levels = 4): unknown {
  if (levels === 0 || error instanceof AuthorizationError || error instanceof TransportError || error instanceof HookFailure) return error
  const { cause, data } = (error ?? {}) as { cause?: unknown; data?: { cause?: unknown } }
  const inner = cause ?? data?.cause
  return inner instanceof Error ? unwrap(inner, levels - 1) : error
}

function fromSdkCode(code: Sdk.SdkErrorCode, { sdk: { SdkErrorCode }, host }: ErrorContext): TransportError {
  switch (code) {
    case SdkErrorCode.RequestTimeout:
      return new TransportError('timeout', `${host} did not answer in time.`)
    case SdkErrorCode.ConnectionClosed:
    case SdkErrorCode.NotConnected:
      return new TransportError('closed', `The connection to ${host} is closed.`)
    case SdkErrorCode.MethodNotSupportedByProtocolVersion:
      return new TransportError('unsupported_method', `The revision of the protocol that ${host} speaks has no such method.`)
    default:
      return new TransportError('malformed', `${host} answered against the protocol (${code}).`)
  }
}

interface Answered {
  readonly code: number
  readonly message: string
  readonly data?: unknown
}

/** Some statuses come with a JSON-RPC error, which says more. */
function parseError(text: unknown): Answered | undefined {
  if (typeof text !== 'string') return undefined
  try {
    const { error } = JSON.parse(text) as { error?: Partial<Answered> }
    if (typeof error?.code !== 'number' || typeof error.message !== 'string') return undefined
    return { code: error.code, message: error.message, data: error.data }
  } catch {
    return undefined
  }
}

function toRequestError({ code, message, data }: Answered, { redactor }: ErrorContext): MCPRequestError {
  const line = redactor.text(message.slice(0, MAX_MESSAGE * 2)).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
  return new MCPRequestError(
    code,
    line.slice(0, MAX_MESSAGE) + hintFor(code, data),
    data === undefined ? undefined : JSON.parse(redactor.json(data)),
  )
}

/** The code of 2026-07-28 for what the client has not declared, which it does where it has a hook. */
const MISSING_CAPABILITY = -32021
const hooks = ['elicitation', 'sampling', 'roots'] as const

/** The code of 2025-11-25 for a page that has to be opened before the request is sent again. */
const URL_ELICITATION_REQUIRED = -32042

function hintFor(code: number, data: unknown): string {
  if (code === URL_ELICITATION_REQUIRED)
    return '. Show the person the pages in data.elicitations, open those that they agree to, and send the request again.'
  if (code !== MISSING_CAPABILITY) return ''
  const { requiredCapabilities: required } = (data ?? {}) as { requiredCapabilities?: Readonly<Record<string, unknown>> }
  const missing = hooks.filter((name) => required?.[name] !== undefined).map((name) => `onInput.${name}`)
  return missing.length > 0 ? `. Give ${missing.join(' and ')}.` : ''
}
