/** Marks a JSON-RPC error that a transport of ours made, so that it is told apart from one that the server sent. @module */

import type { TransportError } from '../errors.ts'

export class LocalFailure {
  readonly error: TransportError
  constructor(error: TransportError) {
    this.error = error
  }
}
