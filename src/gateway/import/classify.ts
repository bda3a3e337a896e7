/**
 * What a tool of an upstream may be called with. The operator decides: in `sallyport.yaml` by name, or by having accepted
 * the upstream's own hints once, which `sallyport.lock` records together with the definition they were accepted for.
 * Whatever is not decided needs `tools:execute`. A hint alone changes nothing.
 *
 * @module
 */

import type { Permission } from '../../core/index.ts'
import type { CompiledRules } from '../../guards/index.ts'
import type { Accepted } from '../launch/lock-content.ts'
import { type GlobRule, ruleFor } from './glob-rule.ts'

export type ToolClass = 'read' | 'execute' | 'ask' | 'deny'

/** A line of a server's `tools` map. */
export interface ToolRule extends GlobRule {
  readonly class: ToolClass
}

/** A line of a server's `audit` map. */
export interface AuditRule extends GlobRule {
  readonly keepsArguments: boolean
}

/** A line of a server's `release` map. */
export interface ReleaseRule extends CompiledRules, GlobRule {}

export interface Classified {
  readonly permission: Permission
  readonly ask: boolean
  /** For audit and `why`. */
  readonly rule: string
  /** Accepted once, for another definition than the one it has now. */
  readonly changed: boolean
}

export function classify(
  server: string,
  tool: string,
  definitionHash: string,
  rules: readonly ToolRule[],
  accepted: Accepted | undefined,
): Classified {
  const written = ruleFor(rules, tool)
  if (written) return { ...permissionOf(written.class), rule: `${written.where} ${server}: ${written.glob}`, changed: false }
  if (accepted && accepted.definition === definitionHash) {
    return {
      ...permissionOf(accepted.class),
      rule: `sallyport.lock ${server}: ${tool} (hint accepted ${accepted.accepted.slice(0, 10)})`,
      changed: false,
    }
  }
  if (accepted) return { ...permissionOf('execute'), rule: 'default tools:execute (changed since its hint was accepted)', changed: true }
  return { ...permissionOf('execute'), rule: 'default tools:execute', changed: false }
}

const needs = (...scopes: string[]): Permission =>
  Object.freeze({ access: 'protected', scopes: Object.freeze(scopes), roles: Object.freeze([]) })
const permissions: Readonly<Record<ToolClass, { readonly permission: Permission; readonly ask: boolean }>> = {
  read: { permission: needs('tools:read'), ask: false },
  execute: { permission: needs('tools:execute'), ask: false },
  ask: { permission: needs('tools:execute'), ask: true },
  deny: { permission: Object.freeze({ access: 'denied' }), ask: false },
}
const permissionOf = (tool: ToolClass): { readonly permission: Permission; readonly ask: boolean } => permissions[tool]

export const promptPermission: Permission = needs('prompts:read')
export const resourcePermission: Permission = needs('resources:read')
