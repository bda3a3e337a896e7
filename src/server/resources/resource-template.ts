/**
 * A template of resources as its author writes it, and its entry in the catalogue. `resourceTemplate({ … })` gives the definition
 * back as it is, with `read`'s variables typed by their schema.
 *
 *   a URI ─ matches ─▶ authorize ─▶ the rule on its variables ─▶ execute: variables that keep their schema ─▶ `read`
 *
 * A URI whose variables break the schema is answered like one that does not exist: it is none of the template's resources, and
 * nobody learns from the answer what there is. Fails closed: with a problem there is no entry.
 *
 * @module
 */

import type { Entry } from '../../core/index.ts'
import { isObject, parseUriTemplate, type UriTemplate } from '../../protocol/index.ts'
import { type Complete, createCompleter } from '../definitions/completion.ts'
import type { CallContext } from '../definitions/context.ts'
import type { ParametersOf, SchemaInput } from '../definitions/infer.ts'
import type { InputRequired } from '../definitions/input-required.ts'
import { reportFor } from '../definitions/shape.ts'
import type { StandardSchema } from '../definitions/standard-schema.ts'
import { checkKeys } from '../definitions/unknown-keys.ts'
import type { ResourceAnswer } from './contents.ts'
import { type Described, entryBase, type ResourceEntryOptions, readDescription } from './described.ts'
import { createReadExecutor } from './read-executor.ts'
import { readVariables, type VariableReader, type Variables } from './template-variables.ts'

/** Without a schema each is a text that is no way to anywhere else. What stands before the `?` is always there. */
export type VariablesOf<Schema, Uri = string> = undefined extends Schema
  ? Readonly<Record<string, string>> & { readonly [Name in PathNames<Uri>]: string }
  : Schema extends StandardSchema
    ? ParametersOf<Schema>
    : ParametersOf<Schema> & { readonly [Name in PathNames<Uri> & keyof ParametersOf<Schema>]: NonNullable<ParametersOf<Schema>[Name]> }

type PathNames<Uri> = Uri extends `${string}{${infer Expression}}${infer Rest}`
  ? (Expression extends `?${string}` ? never : Expression extends `+${infer Name}` ? Name : Expression) | PathNames<Rest>
  : never

export interface ResourceTemplateDefinition<Variables = SchemaInput | undefined, Uri extends string = string> extends Described {
  /** RFC 6570: `{name}`, one `{+name}`, and `{?a,b}` at the end. */
  readonly uriTemplate: Uri
  /** A flat JSON Schema of type object, or a Standard Schema that emits one: each variable of the template, and no other. */
  readonly variables?: Variables
  /** Undefined or null: there is no such thing. What it throws is opaque to the caller. */
  read(
    variables: VariablesOf<Variables, Uri>,
    context: CallContext,
  ): ResourceAnswer | InputRequired | Promise<ResourceAnswer | InputRequired>
  /** What to suggest for each variable, best first. Suggest only what the caller may know of. */
  readonly complete?: Readonly<Record<string, Complete>> | undefined
}

/** Some template, whatever its variables are. */
export interface AnyTemplate {
  readonly uriTemplate: string
  readonly name: string
  read(variables: never, context: CallContext): unknown
}

export function resourceTemplate<const Uri extends string, const Variables extends SchemaInput | undefined = undefined>(
  definition: ResourceTemplateDefinition<Variables, Uri>,
): ResourceTemplateDefinition<Variables, Uri> {
  return definition
}

export interface TemplateEntryOptions extends ResourceEntryOptions {
  /** Whether a URI is a static resource's, only written in another way: it must not get past that one's permissions. */
  readonly isTaken: (uri: string) => boolean
}

type Typed = ResourceTemplateDefinition
type Values = VariablesOf<SchemaInput | undefined>
const keys = ['uriTemplate', 'variables', 'read', 'complete']

/** Undefined: there were problems, and they were reported. */
export function templateEntry(definition: Typed | object, options: TemplateEntryOptions): Entry | undefined {
  if (!isObject(definition)) {
    options.report('resourceTemplates: each must be an object')
    return undefined
  }
  const { uriTemplate, read, complete = {} } = definition as Partial<Typed>
  let fine = true
  const report = reportFor('template', uriTemplate, (problem) => {
    fine = false
    options.report(problem)
  })
  const parsed = typeof uriTemplate === 'string' ? parseUriTemplate(uriTemplate) : { problem: 'must be a text' }
  if ('problem' in parsed) report(`uriTemplate: ${parsed.problem}`)
  const template: UriTemplate | undefined = 'problem' in parsed ? undefined : parsed
  const variables: VariableReader | undefined = template && readVariables(definition['variables'], template.variables, report)
  const names = template?.variables.map(({ name }) => name) ?? []
  if (typeof read !== 'function') report('read: must be a function')
  if (!isObject(complete) || !Object.values(complete).every((each) => typeof each === 'function'))
    report('complete: must have a function for each variable')
  else if (template) checkKeys(complete, names, 'complete', report)
  const description = readDescription(definition, 'template', keys, variables?.nameable, report)
  if (!fine || !template || !variables || typeof uriTemplate !== 'string' || typeof read !== 'function' || !description) return undefined

  const valuesOf = (uri: string): Variables | Promise<Variables> => {
    const texts = template.read(uri)
    return texts && variables.read(texts)
  }
  const completables = new Map([...variables.each].map(([name, rules]) => [name, { ...rules, complete: complete[name] }]))
  const { display, mimeType, permitted, freshness } = description
  return {
    kind: 'template',
    name: uriTemplate,
    definition: { uriTemplate, ...display },
    ...entryBase(permitted, valuesOf),
    matches: (uri) => template.read(uri) !== undefined && !options.isTaken(uri),
    origin: { server: options.server, name: uriTemplate },
    executor: createReadExecutor({
      // Bound to its definition, for functions that say `this`.
      read: (named, context) => read.call(definition, named.variables as Values, context),
      mimeType,
      freshness,
      resultBytes: options.resultBytes,
      complete: createCompleter(completables),
    }),
  }
}
