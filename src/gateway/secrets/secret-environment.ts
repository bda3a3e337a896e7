/**
 * The variables of a child process that everybody shares, with named secrets in them: filled in each time it is started. Where a
 * secret changes, it is started again.
 *
 * Fails closed: while one is missing, the process is not started.
 *
 * @module
 */

import { type Log, problemOf } from '../../core/index.ts'
import { type Command, Unusable } from '../upstream/index.ts'
import type { SecretBook } from './book.ts'
import { commandFor } from './need.ts'
import type { Templates } from './template.ts'

export interface SecretEnvironment {
  /** @throws {Unusable} where something is missing. */
  prepare(): Promise<Command>
  /** Calls `restart` whenever it would be handed something else now. Answers how to stop. */
  follow(restart: () => void): () => void
}

export interface SecretEnvironmentOptions {
  readonly server: string
  readonly command: Command
  readonly templates: Templates
  readonly book: SecretBook
  readonly log: Log
}

export function createSecretEnvironment({ server, command, templates, book, log }: SecretEnvironmentOptions): SecretEnvironment {
  /** What it was handed; undefined: something was missing. */
  let handed: string | undefined

  return {
    async prepare() {
      const filled = await book.fill(templates, undefined)
      handed = 'missing' in filled ? undefined : JSON.stringify(filled.values)
      if ('missing' in filled)
        throw new Unusable(`it waits for the secret ${filled.missing.secret}, which is not set: ${commandFor(filled.missing)}`)
      book.used(templates, undefined)
      return { ...command, env: { ...command.env, ...filled.values } }
    },
    follow(restart) {
      const look = async (): Promise<void> => {
        const filled = await book.fill(templates, undefined)
        // What was taken away is not left with a process that runs.
        if (handed !== ('missing' in filled ? undefined : JSON.stringify(filled.values))) restart()
      }
      return book.onChange(() => {
        look().catch((error: unknown) => log('error', `${server}: its secrets could not be looked at`, { problem: problemOf(error) }))
      })
    },
  }
}
