/**
 * What `execute`, `render` or `read` answers when it needs something of the caller first: made by `context.ask`. The guards ask
 * for it, in whichever way the caller's revision has, and then run the function again with the answers in its context.
 *
 * @module
 */

import { allow, type Decision, type InputRequests, type Produced } from '../../core/index.ts'

export class InputRequired {
  readonly requests: InputRequests
  /** Comes back in `context.state`, sealed on its way: whatever JSON can say. */
  readonly state: unknown

  constructor(requests: InputRequests, state?: unknown) {
    this.requests = requests
    this.state = state
  }
}

export const toInput = ({ requests, state }: InputRequired): Decision<Produced> =>
  allow({ kind: 'input', requests, ...(state === undefined ? {} : { state }) })
