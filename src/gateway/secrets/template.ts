/**
 * A value of the configuration in which named secrets stand by reference: `Bearer ${user-secret:TRACKER}`. What the configuration
 * holds is the reference alone; it is filled in where a process is started or a request is sent.
 *
 * @module
 */

/** In order; text as it is written, and the secrets between it. */
export type Template = readonly (string | SecretReference)[]

export interface SecretReference {
  readonly secret: string
  /** `person`: each caller's own. */
  readonly of: 'everybody' | 'person'
}

/** By variable, or by header in lower case. */
export type Templates = Readonly<Record<string, Template>>

export const referencesIn = (templates: Templates): readonly SecretReference[] =>
  Object.values(templates).flatMap((template) => template.filter((piece) => typeof piece !== 'string'))

/** The names of what is everybody's, or each person's own; each once. */
export const namesOf = (templates: Templates, of: SecretReference['of']): readonly string[] => [
  ...new Set(referencesIn(templates).flatMap((reference) => (reference.of === of ? [reference.secret] : []))),
]

/** Whether what it fills in depends on who is calling. */
export const isPersonal = (templates: Templates | undefined): templates is Templates =>
  templates !== undefined && namesOf(templates, 'person').length > 0

/** `values`: of every reference in it. */
export const fillTemplate = (template: Template, values: (reference: SecretReference) => string): string =>
  template.map((piece) => (typeof piece === 'string' ? piece : values(piece))).join('')

/** What a server asks for, each once. */
export function secretsAskedBy({ named = {} }: { readonly named?: Templates | undefined }): readonly SecretReference[] {
  const everybody = namesOf(named, 'everybody').map((secret) => ({ secret, of: 'everybody' }) as const)
  return [...everybody, ...namesOf(named, 'person').map((secret) => ({ secret, of: 'person' }) as const)]
}
