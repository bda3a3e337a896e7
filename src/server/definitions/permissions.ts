/**
 * From the `permissions` block of a definition to the rule that authorize, approve and the lists keep (`catalogue/permits.ts`).
 *
 *   'public'                                      every client that has signed in
 *   { requiredScopes, requiredRoles, when }       all of these scopes, any of these roles
 *   { access: 'private', clients, users, … }      only those who are named, and to nobody else does it exist
 *   'denied'                                      nobody
 *
 * Whatever does not name scopes needs the standard one: a block that is empty, or says only who, does not make a token good for
 * more than was granted. Fails closed: an unknown key is a problem, never ignored.
 *
 * @module
 */

import { type CompiledCondition, compileCondition } from '../../catalogue/index.ts'
import { type Condition, type EntryKind, type Permission, SCOPE_PATTERN } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { checkKeys, type Report } from './unknown-keys.ts'

export interface ProtectedPermissions {
  readonly access?: 'protected'
  /** All of them; without: the standard scope. */
  readonly requiredScopes?: readonly string[]
  /** Any of them. */
  readonly requiredRoles?: readonly string[]
  /** A rule on the arguments, in CEL. */
  readonly when?: string
}
export type Permissions =
  | 'public'
  | 'denied'
  | { readonly access: 'public'; readonly when?: string }
  | { readonly access: 'denied' }
  | ProtectedPermissions
  | (Omit<ProtectedPermissions, 'access'> & {
      readonly access: 'private'
      readonly clients?: readonly string[]
      readonly users?: readonly string[]
    })

type ReadCondition = Extract<CompiledCondition, Condition>
/** What a rule can name, each with the types of JSON that it may have; undefined: any. */
export type Nameable = ReadonlyMap<string, readonly string[] | undefined>

export interface Permitted {
  readonly permission: Permission
  readonly condition: ReadCondition | undefined
  /** For audit and `why`. */
  readonly rule: string
}

const standard: Readonly<Record<EntryKind, string>> = {
  tool: 'tools:execute',
  prompt: 'prompts:read',
  resource: 'resources:read',
  template: 'resources:read',
}
const keys: Readonly<Record<string, readonly string[]>> = {
  public: ['access', 'when'],
  denied: ['access'],
  protected: ['access', 'requiredScopes', 'requiredRoles', 'when'],
  private: ['access', 'clients', 'users', 'requiredScopes', 'requiredRoles', 'when'],
}
const MAX_NAMES = 1_000
const anyName = /^[^\u0000-\u001f\u007f-\u009f]{1,512}$/

/** Undefined: it could not be understood, and why was reported. */
export function toPermission(given: unknown, kind: EntryKind, report: Report): Permitted | undefined {
  let fine = true
  const block = given === undefined ? {} : typeof given === 'string' ? { access: given } : given
  if (!isObject(block)) return problem('must be "public", "denied" or an object')
  const { access = 'protected' } = block
  const known = typeof access === 'string' && Object.hasOwn(keys, access) ? keys[access] : undefined
  if (!known) return problem(`${isObject(given) ? '.access: ' : ''}must be "public", "protected", "private" or "denied"`)
  const misplaced = access === 'private' ? [] : ['clients', 'users'].filter((key) => Object.hasOwn(block, key))
  for (const key of misplaced) problem(`.${key}: goes with access: "private" alone`)
  const rest = Object.fromEntries(Object.entries(block).filter(([key]) => !misplaced.includes(key)))
  if (!checkKeys(rest, known, 'permissions', report)) fine = false
  const condition = conditionOf(block['when'])
  const scopes = names('requiredScopes', SCOPE_PATTERN)
  const roles = names('requiredRoles', anyName)
  const clients = names('clients', anyName)
  const users = names('users', anyName)
  if (access === 'private' && clients.length + users.length === 0) problem(': names nobody: give clients or users, or say "denied"')
  if (!fine) return undefined

  const when = condition ? ', when' : ''
  if (access === 'denied') return { permission: { access }, condition: undefined, rule: 'permissions: denied' }
  if (access === 'public') return { permission: { access }, condition, rule: `permissions: public${when}` }
  const needed = { scopes: Object.freeze(scopes.length > 0 ? scopes : [standard[kind]]), roles: Object.freeze(roles) }
  const said = [
    ...(access === 'private' ? [`private to ${[...clients.map((name) => `client ${name}`), ...users].join(', ')}`] : []),
    ...(scopes.length > 0 ? [`scope ${scopes.join(' and ')}`] : [`default ${standard[kind]}`]),
    ...(roles.length > 0 ? [`role ${roles.join(' or ')}`] : []),
  ]
  const rule = said.length === 1 && scopes.length === 0 ? `${said[0]}${when}` : `permissions: ${said.join(', ')}${when}`.slice(0, 256)
  return access === 'private'
    ? { permission: { access, clients: Object.freeze(clients), users: Object.freeze(users), ...needed }, condition, rule }
    : { permission: { access: 'protected', ...needed }, condition, rule }

  function problem(what: string): undefined {
    fine = false
    report(`permissions${what.startsWith('.') || what.startsWith(':') ? '' : ': '}${what}`)
  }
  function names(key: string, shape: RegExp): readonly string[] {
    const value = (block as Record<string, unknown>)[key]
    if (value === undefined) return []
    if (Array.isArray(value) && value.length <= MAX_NAMES && value.every((name) => typeof name === 'string' && shape.test(name)))
      return [...new Set(value as string[])]
    problem(`.${key}: must be a list of at most ${MAX_NAMES} ${key === 'requiredScopes' ? 'scopes (RFC 6749 §3.3)' : 'names'}`)
    return []
  }
  function conditionOf(source: unknown): ReadCondition | undefined {
    if (source === undefined) return undefined
    if (typeof source !== 'string' || source.trim() === '') return problem('.when: must be the text of a rule')
    const compiled = compileCondition(source)
    return 'problem' in compiled ? problem(`.when: ${compiled.problem}`) : compiled
  }
}

/** A rule on an argument that there never is, or that never is of such a type, would refuse everybody, or nobody. */
export function checkReads({ condition }: Permitted, nameable: Nameable, report: Report): void {
  for (const name of condition?.reads ?? [])
    if (!nameable.has(name)) report(`permissions.when: names an argument ${JSON.stringify(name.slice(0, 64))} that parameters do not have`)
  for (const { name, type } of condition?.compares ?? []) {
    const types = nameable.get(name)
    if (types && !types.includes(type))
      report(`permissions.when: compares ${name.slice(0, 64)}, which is a ${types.join(' or ')}, with a ${type}: the two are never equal`)
  }
}
