/** A token that the program itself brings, such as a platform's or an identity provider's: asked for each time it is needed. @module */

import { ConfigError } from '../../core/index.ts'
import { isHeaderValue } from './token-request.ts'

export type AskProgram = () => Promise<string> | string

/**
 * What the function throws, whoever made the request gets as it is.
 *
 * @throws {ConfigError} where it answers with what is no token
 */
export async function askProgram(name: string, ask: AskProgram): Promise<string> {
  const answer: unknown = await ask()
  const token = typeof answer === 'string' ? answer.trim() : answer
  if (!isHeaderValue(token)) throw new ConfigError([`${name}: the function must answer with a token as text`])
  return token
}
