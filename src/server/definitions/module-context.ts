/** What a tool's module is told of a call, and can say: what a function is, as far as it crosses into a sandbox. @module */

import type { Principal } from '../../core/index.ts'
import type { CallContext } from './context.ts'

export interface ModuleContext extends Omit<CallContext, 'principal'> {
  /** Who is calling. Frozen. Which credential it was stays outside. */
  readonly principal: Pick<Principal, 'issuer' | 'subject' | 'user' | 'clientId' | 'scopes' | 'roles'>
  /** Ends the call with a message for its caller, as a `ToolError` does. */
  fail(message: string): never
}
