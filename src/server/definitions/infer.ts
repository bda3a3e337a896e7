/**
 * What a schema says, as a TypeScript type: of a JSON Schema literal (`tool` and `MCPServer` take it as a constant), or of any
 * Standard Schema. What is not understood is `unknown`, never `any`: a type may say less than the schema, never more.
 *
 * Objects are closed where they do not say otherwise, as `schema/tighten-schema.ts` makes them. `$ref`, `allOf` and the
 * conditional keywords narrow nothing here; they are checked all the same.
 *
 * @module
 */

import type { JsonObject, ReferencedContent } from '../../core/index.ts'
import type { StandardSchema } from './standard-schema.ts'

/** A JSON Schema, or a Standard Schema that emits one. */
export type SchemaInput = JsonObject | StandardSchema

/**
 * What `execute` and `render` get. Without a schema that says it: names, and values of any kind. The schema stands on the left of each
 * `extends`, so that a list of definitions may hold those of every schema.
 */
export type ParametersOf<Schema> = Schema extends object
  ? Schema extends { readonly '~standard': { readonly types?: infer Types } }
    ? Side<Types, 'output'>
    : ObjectOr<FromSchema<Schema>>
  : NoParameters

/** What a tool with that `outputSchema` answers. */
export type AnswerOf<Schema> = Schema extends { readonly '~standard': { readonly types?: infer Types } }
  ? Side<Types, 'input'>
  : FromSchema<Schema>

type ObjectOr<Type> = [Type] extends [object] ? Type : JsonObject
type NoParameters = { readonly [name: string]: never }
type Side<Types, Name extends 'input' | 'output'> = NonNullable<Types> extends { readonly [Key in Name]: infer Type } ? Type : unknown

export type FromSchema<Schema> = Schema extends false
  ? never
  : Schema extends { readonly resourceRef: true | object }
    ? ReferencedContent
    : FromValues<Schema>

type FromValues<Schema> = Schema extends { readonly const: infer Value }
  ? Value
  : Schema extends { readonly enum: readonly (infer Value)[] }
    ? Value
    : FromTypes<Schema> & FromAlternatives<Schema>

type FromTypes<Schema> = Schema extends { readonly type: infer Type }
  ? Type extends readonly (infer Each)[]
    ? FromType<Schema, Each>
    : FromType<Schema, Type>
  : unknown

type FromAlternatives<Schema> = Schema extends { readonly anyOf: readonly (infer Each)[] }
  ? FromEach<Each>
  : Schema extends { readonly oneOf: readonly (infer Each)[] }
    ? FromEach<Each>
    : unknown
type FromEach<Schema> = Schema extends unknown ? FromSchema<Schema> : never

type FromType<Schema, Type> = Type extends 'string'
  ? string
  : Type extends 'number' | 'integer'
    ? number
    : Type extends 'boolean'
      ? boolean
      : Type extends 'null'
        ? null
        : Type extends 'array'
          ? FromArray<Schema>
          : Type extends 'object'
            ? FromObject<Schema>
            : unknown

type FromArray<Schema> = Schema extends { readonly prefixItems: infer First extends readonly unknown[] }
  ? [...FromFirst<Schema, First>, ...FromRest<Schema>]
  : Schema extends { readonly items: infer Item }
    ? FromSchema<Item>[]
    : unknown[]
type FromItems<Items extends readonly unknown[]> = { -readonly [Index in keyof Items]: FromSchema<Items[Index]> }
/** A list may be shorter than what is said of its first items. */
type FromFirst<Schema, First extends readonly unknown[]> = Schema extends { readonly minItems: First['length'] }
  ? FromItems<First>
  : Partial<FromItems<First>>
type FromRest<Schema> = Schema extends { readonly items: infer Item } ? (Item extends false ? [] : FromSchema<Item>[]) : unknown[]

type FromObject<Schema> = FromNames<
  Schema extends { readonly properties: infer Properties } ? Properties : unknown,
  Schema extends { readonly required: readonly (infer Name)[] } ? Name : never
> &
  FromFurther<Schema>

type FromNames<Properties, Required> = Flat<
  { -readonly [Name in keyof Properties as Name extends Required ? Name : never]: FromSchema<Properties[Name]> } & {
    -readonly [Name in keyof Properties as Name extends Required ? never : Name]?: FromSchema<Properties[Name]>
  } & { [Name in Exclude<Required, keyof Properties> & string]: unknown }
>
type FromFurther<Schema> = Schema extends { readonly additionalProperties: infer Further }
  ? Further extends false
    ? unknown
    : { [name: string]: FromSchema<Further> }
  : Schema extends { readonly patternProperties: unknown }
    ? { [name: string]: unknown }
    : unknown
type Flat<Type> = { [Name in keyof Type]: Type[Name] }
