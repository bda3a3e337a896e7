/**
 * What a server may ask in the middle of a call (elicitation, sampling, roots), and who answers it: a hook of the program. A server
 * is told only of what there is a hook for (2026-07-28 patterns §multi round-trip requests; 2025-11-25 client features).
 *
 * URL elicitation is not offered: whoever opens such a URL has to show it to the person first, and there is no hook for that yet.
 *
 * @module
 */

import type {
  Client,
  ClientCapabilities,
  CreateMessageRequest,
  CreateMessageResult,
  ElicitRequestFormParams,
  ElicitResult,
  Root,
} from '@modelcontextprotocol/client'

export interface InputHooks {
  readonly elicitation?: ((request: ElicitRequestFormParams) => ElicitResult | Promise<ElicitResult>) | undefined
  readonly sampling?: ((request: CreateMessageRequest['params']) => CreateMessageResult | Promise<CreateMessageResult>) | undefined
  readonly roots?: (() => readonly Root[] | Promise<readonly Root[]>) | undefined
}

export const toCapabilities = ({ elicitation, sampling, roots }: InputHooks): ClientCapabilities => ({
  ...(elicitation && { elicitation: { form: {} } }),
  ...(sampling && { sampling: {} }),
  ...(roots && { roots: {} }),
})

export function installHooks(client: Client, { elicitation, sampling, roots }: InputHooks): void {
  if (elicitation)
    client.setRequestHandler('elicitation/create', ({ params }) => opaque(async () => elicitation(params as ElicitRequestFormParams)))
  if (sampling) client.setRequestHandler('sampling/createMessage', ({ params }) => opaque(async () => sampling(params)))
  if (roots) client.setRequestHandler('roots/list', () => opaque(async () => ({ roots: [...(await roots())] })))
}

/** A hook threw: the server reads only this sentence, the program gets back what its own code threw. */
export class HookFailure extends Error {
  override readonly name = 'HookFailure'
  constructor(cause: unknown) {
    super('The client could not answer.', { cause })
  }
}

async function opaque<T>(answer: () => Promise<T>): Promise<T> {
  try {
    return await answer()
  } catch (error) {
    throw new HookFailure(error)
  }
}
