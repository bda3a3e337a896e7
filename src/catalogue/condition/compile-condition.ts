/**
 * Compiles a rule on arguments (`permissions: { when: 'args.amount <= 100' }`), written in CEL. Parsed and type-checked
 * once, when the catalogue is built; what it then costs to decide is bounded, whatever the arguments are.
 *
 * It knows `args`, the validated arguments, and `principal`: `subject`, `user` where there is one, `clientId`, `issuer`,
 * `credential`, `scopes`, `roles`, `groups`. Fails closed: what is not understood does not start the server, and a decision that cannot be made is `failed`.
 *
 * @module
 */

import { createRequire } from 'node:module'
import type { ASTNode } from '@marcbachmann/cel-js'
import { type Condition, type JsonObject, once, type Principal } from '../../core/index.ts'
import { type Comparison, type Notes, toTerm } from './terms.ts'
import { MAX_WORK, Run, type Term } from './work.ts'

export type CompiledCondition =
  /** `reads`: the arguments that it names, `compares`: with what; for whoever knows their schema. */
  (Condition & { readonly reads: readonly string[]; readonly compares: readonly Comparison[] }) | { readonly problem: string }

const MAX_SOURCE_CHARACTERS = 4_096
const limits = { maxAstNodes: 500, maxDepth: 32, maxListElements: 256, maxMapEntries: 256, maxCallArguments: 4 }

const facts = {
  subject: 'string',
  user: 'string',
  clientId: 'string',
  issuer: 'string',
  credential: 'string',
  scopes: 'list<string>',
  roles: 'list<string>',
  groups: 'list<string>',
} as const
type Facts = Readonly<Pick<Principal, keyof typeof facts>>

const require = createRequire(import.meta.url)

/** With the first condition: most servers have none, and its parser takes 20 ms to load. */
const environment = once(() => {
  const { Environment } = require('@marcbachmann/cel-js') as typeof import('@marcbachmann/cel-js')
  return new Environment({ limits })
    .registerType('Principal', { fields: facts })
    .registerVariable('args', 'map<string, dyn>')
    .registerVariable('principal', 'Principal')
})

/** A problem reads on from "the condition": `has …`, `is …`. */
export function compileCondition(source: string): CompiledCondition {
  if (source.length > MAX_SOURCE_CHARACTERS) return { problem: `is longer than ${MAX_SOURCE_CHARACTERS} characters` }
  const parsed = parse(source)
  if ('problem' in parsed) return parsed
  const notes: Notes = { problems: new Set(), reads: new Set(), compares: [], nodes: 0 }
  const term = toTerm(parsed.ast, { notes, locals: [] })
  if (notes.problems.size > 0) return { problem: [...notes.problems].join('; ') }
  return { source, reads: [...notes.reads], compares: notes.compares, check: (args, principal) => decide(term, args, principal) }
}

function parse(source: string): { readonly ast: ASTNode } | { readonly problem: string } {
  try {
    const parsed = environment().parse(source)
    const { valid, type, error } = parsed.check()
    if (!valid) return { problem: `cannot be right: ${summaryOf(error)}` }
    return type === 'bool' || type === 'dyn' ? parsed : { problem: `is of the type ${type}: it must be true or false` }
  } catch (error) {
    return { problem: `is not CEL: ${summaryOf(error)}` }
  }
}

/** The author's own text, and where in it. */
function summaryOf(error: unknown): string {
  const { summary, range } = error as { readonly summary?: string; readonly range?: { readonly start: number } }
  return `${summary ?? 'it cannot be read'}${range ? ` (at character ${range.start + 1})` : ''}`
}

function decide(term: Term, args: JsonObject, principal: Principal): 'met' | 'unmet' | 'failed' {
  try {
    const run = new Run(args, factsOf(principal))
    const verdict = term(run)
    if (typeof verdict !== 'boolean' || run.work > MAX_WORK) return 'failed'
    return verdict ? 'met' : 'unmet'
  } catch {
    return 'failed'
  }
}

const NONE: readonly string[] = Object.freeze([])
const known = new WeakMap<Principal, Facts>()

/** Nothing else of a principal is to be had, whatever key is asked for. */
function factsOf(principal: Principal): Facts {
  let own = known.get(principal)
  if (!own) {
    const { subject, user, clientId, issuer, credential, scopes, roles, groups = NONE } = principal
    // A rule about a user is undecided for who is none, `!=` too.
    known.set(
      principal,
      (own = Object.freeze({ subject, ...(user !== undefined && { user }), clientId, issuer, credential, scopes, roles, groups })),
    )
  }
  return own
}
