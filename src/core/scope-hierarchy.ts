/**
 * Scopes that imply others, as an operator declares them (2026-07-28 authorization §scope hierarchies): what `catalogue/permits`
 * compares needed scopes with granted ones by. Worked out once, when the options are checked: a request costs a look-up.
 *
 * Fails closed: what is not declared implies nothing, and a circle is refused at the start.
 *
 * @module
 */

import { z } from 'zod'
import { SCOPE_PATTERN } from './scopes.ts'

export interface ScopeDeclaration {
  /** Whoever has the scope has these too, and what they imply in turn. */
  readonly implies?: readonly string[] | undefined
  /** What it is for, as a person reads it before allowing it. */
  readonly description?: string | undefined
}

export type ScopeDeclarations = Readonly<Record<string, ScopeDeclaration>>

export interface ScopeHierarchy {
  /** Whether who was granted `granted` may do what needs `needed`. */
  covers(granted: readonly string[], needed: string): boolean
  /** `scopes`, and every declared one that implies one of them: what can be granted, sorted. */
  withImplying(scopes: readonly string[]): readonly string[]
  /** All that it implies, at any distance; without itself. */
  impliedBy(scope: string): readonly string[]
  describe(scope: string): string | undefined
}

const MAX_SCOPES = 256
const scope = z
  .string()
  .regex(SCOPE_PATTERN, 'must be a scope (RFC 6749 §3.3)')
  // Between client and authorization server: it permits nothing here, so that nothing can imply it, nor it anything.
  .refine((name) => name !== 'offline_access', 'is not a permission')

export const scopesSchema: z.ZodType<ScopeDeclarations> = z
  .record(
    scope,
    z.strictObject({
      implies: z.array(scope).max(MAX_SCOPES).optional().describe('The scopes that whoever has this one has too.'),
      description: z
        .string()
        .regex(/^[^\p{Cc}\p{Cf}]{1,200}$/u, 'must be 1 to 200 printable characters')
        .optional()
        .describe('What it is for, as a person reads it before allowing it.'),
    }),
  )
  .refine((declared) => Object.keys(declared).length <= MAX_SCOPES, `must be at most ${MAX_SCOPES}`)
  .superRefine((declared, context) => {
    const circle = findCircle(declared)
    if (circle)
      context.addIssue({ code: 'custom', path: [circle[0] as string, 'implies'], message: `goes in a circle: ${circle.join(' → ')}` })
  })

/** `declared` has been checked by `scopesSchema`. */
export function createScopeHierarchy(declared: ScopeDeclarations = {}): ScopeHierarchy {
  const implied = new Map<string, readonly string[]>()
  const implying = new Map<string, string[]>()
  for (const name of Object.keys(declared)) {
    const all = closureOf(declared, name)
    implied.set(name, all)
    for (const each of all) implying.set(each, [...(implying.get(each) ?? []), name])
  }
  return {
    covers: (granted, needed) => granted.includes(needed) || (implying.get(needed)?.some((each) => granted.includes(each)) ?? false),
    withImplying: (scopes) => [...new Set(scopes.flatMap((each) => [each, ...(implying.get(each) ?? [])]))].sort(),
    impliedBy: (name) => implied.get(name) ?? [],
    describe: (name) => (Object.hasOwn(declared, name) ? declared[name]?.description : undefined),
  }
}

function closureOf(declared: ScopeDeclarations, from: string): readonly string[] {
  const found = new Set<string>()
  const open = [from]
  for (let name = open.pop(); name !== undefined; name = open.pop()) {
    for (const next of impliesOf(declared, name)) {
      if (found.has(next) || next === from) continue
      found.add(next)
      open.push(next)
    }
  }
  return [...found].sort()
}

/** The way round, its first name again at the end; undefined where there is none. */
function findCircle(declared: ScopeDeclarations): readonly string[] | undefined {
  const done = new Set<string>()
  function walk(name: string, way: readonly string[]): readonly string[] | undefined {
    const at = way.indexOf(name)
    if (at !== -1) return [...way.slice(at), name]
    if (done.has(name)) return undefined
    for (const next of impliesOf(declared, name)) {
      const circle = walk(next, [...way, name])
      if (circle) return circle
    }
    done.add(name)
    return undefined
  }
  for (const name of Object.keys(declared)) {
    const circle = walk(name, [])
    if (circle) return circle
  }
  return undefined
}

/** `constructor` is a scope like any other. */
const impliesOf = (declared: ScopeDeclarations, name: string): readonly string[] =>
  (Object.hasOwn(declared, name) ? declared[name]?.implies : undefined) ?? []
