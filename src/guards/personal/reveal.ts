/**
 * The other way: an argument that holds a sign gets the value that it stands for, before its schema, its rule or its tool sees it. Only for
 * a caller who has the scope for it; anybody else's signs go on as they are.
 *
 * Fails closed: a sign behind which nothing stands any more, and one beyond the most in a request, stays a sign.
 *
 * @module
 */

import type { JsonObject, Principal } from '../../core/index.ts'
import { type PersonalTokens, SIGN } from './tokens.ts'

/** The scope that makes signs readable, unless an operator names another. */
export const REVEAL_SCOPE = 'data:reveal'

/** In one request: each is a look into the store. */
const MAX_SIGNS = 200

/** Undefined: there is nothing to reveal, or the caller may not. */
export type Reveal = (args: JsonObject, principal: Principal) => Promise<JsonObject> | undefined

export interface RevealOptions {
  readonly tokens: Pick<PersonalTokens, 'reveal'>
  readonly scope: string
  /** Is told of each request in which some were. */
  readonly note?: ((principal: Principal, kinds: readonly string[]) => void) | undefined
}

export function createReveal({ tokens, scope, note }: RevealOptions): Reveal {
  async function reveal(args: JsonObject, signs: ReadonlySet<string>, principal: Principal): Promise<JsonObject> {
    const values = new Map<string, string>()
    const kinds: string[] = []
    for (const sign of [...signs].slice(0, MAX_SIGNS)) {
      const found = await tokens.reveal(sign)
      if (!found) continue
      values.set(sign, found.value)
      kinds.push(found.kind)
    }
    if (values.size === 0) return args
    note?.(principal, kinds)
    return replaced(args, values) as JsonObject
  }
  return function mayReveal(args, principal) {
    if (!principal.scopes.includes(scope)) return undefined
    const signs = new Set(JSON.stringify(args).match(SIGN))
    return signs.size === 0 ? undefined : reveal(args, signs, principal)
  }
}

function replaced(value: unknown, values: ReadonlyMap<string, string>): unknown {
  if (typeof value === 'string') return value.replace(SIGN, (sign) => values.get(sign) ?? sign)
  if (Array.isArray(value)) return value.map((item) => replaced(item, values))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, replaced(member, values)]))
}
