/**
 * What a server may ask in the middle of a call (elicitation, sampling, roots), and who answers it: a hook of the program. A server
 * is told only of what there is a hook for (2026-07-28 patterns §multi round-trip requests; 2025-11-25 client features).
 *
 * Fails closed: too many questions at once are not put to anybody.
 *
 * @module
 */

import type {
  Client,
  ClientCapabilities,
  CreateMessageRequest,
  CreateMessageResult,
  ElicitRequest,
  ElicitRequestFormParams,
  ElicitResult,
  Root,
} from '@modelcontextprotocol/client'
import type { JsonObject, Log } from '../../core/index.ts'
import { TransportError } from '../errors.ts'
import { HookFailure } from '../hook-failure.ts'
import { toFormAnswer } from './form-answer.ts'
import { answerUrl, type UrlHook } from './url-question.ts'

export interface InputHooks {
  /** A page to open: shows all of it to the person, and opens it only if they agree. */
  readonly url?: UrlHook | undefined
  readonly elicitation?: ((request: ElicitRequestFormParams) => ElicitResult | Promise<ElicitResult>) | undefined
  readonly sampling?: ((request: CreateMessageRequest['params']) => CreateMessageResult | Promise<CreateMessageResult>) | undefined
  readonly roots?: (() => readonly Root[] | Promise<readonly Root[]>) | undefined
}

export interface Asking {
  /** What the server is called in sentences. */
  readonly host: string
  readonly log: Log
  /** Somebody is asked; what it answers is called when they have answered. */
  readonly pause: () => () => void
}

/** A person, or a model, is asked no more at a time by one server. */
const MAX_AT_ONCE = 32

export const toCapabilities = ({ elicitation, url, sampling, roots }: InputHooks): ClientCapabilities => ({
  ...((elicitation || url) && { elicitation: { ...(elicitation && { form: {} }), ...(url && { url: {} }) } }),
  ...(sampling && { sampling: {} }),
  ...(roots && { roots: {} }),
})

export function installHooks(client: Client, { elicitation, url, sampling, roots }: InputHooks, { host, log, pause }: Asking): void {
  let asked = 0
  async function ask<T>(answer: () => Promise<T>): Promise<T> {
    const resume = pause()
    asked++
    try {
      if (asked > MAX_AT_ONCE) throw new TransportError('malformed', `${host} asks more than ${MAX_AT_ONCE} questions at once.`)
      return await answer()
    } catch (error) {
      throw new HookFailure(error)
    } finally {
      asked--
      resume()
    }
  }

  async function elicit(params: ElicitRequest['params']): Promise<ElicitResult> {
    if (params.mode === 'url') return url ? answerUrl(url, params, host, log) : { action: 'decline' }
    if (!elicitation) return { action: 'decline' }
    return toFormAnswer(params.requestedSchema as JsonObject, await elicitation(params as ElicitRequestFormParams), host, log)
  }
  if (elicitation || url) client.setRequestHandler('elicitation/create', ({ params }) => ask(() => elicit(params)))
  if (sampling) client.setRequestHandler('sampling/createMessage', ({ params }) => ask(async () => sampling(params)))
  if (roots) client.setRequestHandler('roots/list', () => ask(async () => ({ roots: [...(await roots())] })))
}
