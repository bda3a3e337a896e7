/** One thing that a person can connect: their account at a guarded server, or a secret of their own. Behind `Connections`. @module */

import type { Connecting, Connection } from '../../people/index.ts'
import type { Attempt } from './attempts.ts'

export interface Problem {
  /** A sentence for the person. */
  readonly problem: string
}

export interface Connectable {
  /** In addresses: never anybody's own. */
  readonly id: string
  /** Undefined while nothing about it needs a person. */
  look(user: string): Promise<Connection | undefined>
  begin?(who: Connecting, redirectUri: string): Promise<{ readonly location: string } | Problem>
  finish?(user: string, attempt: Attempt, callback: URLSearchParams): Promise<Problem | undefined>
  setSecret?(user: string, value: string): Promise<Problem | undefined>
  /** False where there was nothing. */
  end(user: string): Promise<boolean>
}
