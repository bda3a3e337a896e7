// What the tools ask of their caller.

import { elicit, sample } from '../../../src/index.ts'

type Question = ReturnType<typeof elicit>

export const ask = (message: string, properties: Record<string, object>, required: readonly string[] = []): Question =>
  elicit({ message, requestedSchema: { type: 'object', properties, required } })

export const askName: Question = ask('What is your name?', { name: { type: 'string' } }, ['name'])

export const askModel = (text: string, maxTokens: number): Question =>
  sample({ messages: [{ role: 'user', content: { type: 'text', text } }], maxTokens })

/** What a person has filled in; undefined: nothing, or they did not want to. */
export function accepted(answer: object | undefined): Readonly<Record<string, unknown>> | undefined {
  const { action, content } = (answer ?? {}) as { readonly action?: string; readonly content?: Record<string, unknown> }
  return action === 'accept' ? (content ?? {}) : undefined
}
