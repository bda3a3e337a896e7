// Nothing here runs; the assertion is that it compiles, and that what must not compile does not.
import { z } from 'zod'
import type { ReferencedContent } from '../../src/core/index.ts'
import {
  asContent,
  type CallContext,
  type FromSchema,
  type ParametersOf,
  type PromptDefinition,
  type Prompts,
  prompt,
  type StandardSchema,
  type ToolDefinition,
  type Tools,
  tool,
} from '../../src/server/definitions/index.ts'

/** Exactly the same type: `any` is the same as nothing else. */
type Same<A, B> = (<T>() => T extends A ? 1 : 2) extends <T>() => T extends B ? 1 : 2 ? true : false
type Flat<T> = T extends object ? { [Name in keyof T]: Flat<T[Name]> } : T
declare function same<A, B>(yes: Same<Flat<A>, B>): void

export const calculator = tool({
  name: 'calculator',
  parameters: {
    type: 'object',
    properties: {
      operation: { type: 'string', enum: ['add', 'subtract'] },
      a: { type: 'number', minimum: -1000, maximum: 1000 },
      b: { type: 'integer' },
      note: { type: 'string', maxLength: 10 },
      tags: { type: 'array', items: { type: 'object', properties: { key: { type: ['string', 'null'] } }, required: ['key'] } },
    },
    required: ['operation', 'a', 'b'],
    additionalProperties: false,
  },
  outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
  execute: async ({ operation, a, b, note, tags }, context) => {
    same<typeof operation, 'add' | 'subtract'>(true)
    same<typeof a, number>(true)
    same<typeof note, string | undefined>(true)
    same<NonNullable<typeof tags>[number]['key'], string | null>(true)
    same<typeof context, Flat<CallContext>>(true)
    return { sum: a + b }
  },
})

tool({
  name: 'wrong-parameters',
  parameters: { type: 'object', properties: { a: { type: 'string' } }, required: ['a'] },
  execute: (params) => {
    // @ts-expect-error a string is not a number
    const a: number = params.a
    // @ts-expect-error nobody declared b, and objects are closed
    return [a, params.b]
  },
})
tool({
  name: 'wrong-answer',
  outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
  // @ts-expect-error the output schema has a number
  execute: () => ({ sum: 'three' }),
})
tool({
  name: 'no-structure',
  outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
  // @ts-expect-error a text is no structured content
  execute: () => 'three',
})
tool({
  name: 'none',
  execute: (params, { ask }) => {
    // @ts-expect-error without parameters there are none
    const text: string = params['text']
    return [text, ask]
  },
})
tool({
  name: 'promised',
  outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
  execute: (params) => new Promise((resolve) => resolve({ sum: Object.keys(params).length })),
})
tool({
  name: 'promised-wrongly',
  outputSchema: { type: 'object', properties: { sum: { type: 'number' } }, required: ['sum'] },
  // @ts-expect-error a text is no sum
  execute: (params) => new Promise((resolve) => resolve(`${Object.keys(params).length}`)),
})
tool({ name: 'promised-anything', execute: () => new Promise((resolve) => resolve('three')) })
tool({
  name: 'permitted',
  permissions: { access: 'private', users: ['ana'], requiredRoles: ['admin'] },
  execute: () => undefined,
})
// @ts-expect-error private tools name clients or users, not people
tool({ name: 'misspelt', permissions: { access: 'private', people: ['ana'] }, execute: () => undefined })

// What each keyword becomes.
same<FromSchema<{ type: 'array'; items: { const: 1 } }>, 1[]>(true)
same<FromSchema<{ type: 'array'; prefixItems: [{ type: 'string' }, { type: 'number' }]; items: false; minItems: 2 }>, [string, number]>(
  true,
)
same<FromSchema<{ type: 'array'; prefixItems: [{ type: 'string' }]; items: { type: 'boolean' } }>, [string?, ...boolean[]]>(true)
same<FromSchema<{ anyOf: [{ type: 'string' }, { type: 'null' }] }>, string | null>(true)
same<FromSchema<{ oneOf: [{ const: 'a' }, { enum: ['b', 1] }] }>, 'a' | 'b' | 1>(true)
same<FromSchema<{ type: 'object'; additionalProperties: { type: 'number' } }>, { [name: string]: number }>(true)
same<FromSchema<{ type: 'object'; properties: { a: true }; additionalProperties: true }>, { [name: string]: unknown; a?: unknown }>(true)
same<FromSchema<{ type: 'object'; properties: { a: { type: 'null' } }; oneOf: [{ required: ['a'] }] }>, { a?: null }>(true)
same<FromSchema<{ $ref: '#/$defs/x' }>, unknown>(true)
same<FromSchema<{ allOf: [{ type: 'string' }] }>, unknown>(true)
same<FromSchema<true>, unknown>(true)
same<ParametersOf<{ readonly [keyword: string]: unknown }>, { readonly [name: string]: unknown }>(true)
// @ts-expect-error nothing becomes any
same<FromSchema<{ $ref: '#' }>, any>(true)

// Any Standard Schema: what its library makes of the arguments, and what it takes for results.
tool({
  name: 'zod',
  parameters: z.object({ day: z.string().transform((text) => text.length), count: z.number().default(1) }),
  outputSchema: z.object({ at: z.string().transform((text) => text.length) }),
  execute: (params) => {
    same<typeof params, { day: number; count: number }>(true)
    // @ts-expect-error the transform makes a number of it
    const day: string = params.day
    return { at: day }
  },
})
declare const standard: StandardSchema<{ raw: string }, { cooked: Date }>
tool({
  name: 'standard',
  parameters: standard,
  execute: ({ cooked }) => {
    // @ts-expect-error a date is no string
    const text: string = cooked
    return text
  },
})

// In a list, each definition is typed by its own schema.
declare class Server<const Ts extends readonly unknown[], const Ps extends readonly unknown[]> {
  constructor(options: { tools?: Tools<Ts>; prompts?: Prompts<Ps> })
}
const untyped = {
  name: 'plain',
  parameters: { type: 'object', properties: {} },
  execute: async (params: { a?: number }) => ({ a: params.a }),
}
new Server({
  tools: [
    calculator,
    untyped,
    {
      name: 'inline',
      parameters: { type: 'object', properties: { on: { type: 'boolean' } }, required: ['on'] },
      execute: async ({ on }) => {
        same<typeof on, boolean>(true)
        // @ts-expect-error a boolean is not a string
        const text: string = on
        return text
      },
    },
    { name: 'inline-zod', parameters: z.object({ at: z.number() }), execute: ({ at }) => same<typeof at, number>(true) },
    { name: 'inline-none', execute: (params) => Object.keys(params) },
    // @ts-expect-error a tool has a function
    { name: 'nothing-to-do' },
  ],
  prompts: [
    {
      name: 'greeting',
      parameters: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
      render: ({ name }) => `Greet ${name.toUpperCase()}`,
    },
    { name: 'template', template: 'Say {{word}}', parameters: { type: 'object', properties: { word: { enum: ['yes', 'no'] } } } },
  ],
})
const list: readonly ToolDefinition[] = [untyped, { name: 'x', execute: () => 1 }]
new Server({ tools: list })
// Definitions with schemas of their own in one list, which says nothing of any.
const made: readonly ToolDefinition[] = [calculator, tool({ name: 'made', execute: () => 1 }), ...list]
const asked: readonly PromptDefinition[] = [
  prompt({
    name: 'asked',
    parameters: { type: 'object', properties: { name: { type: 'string' } }, required: ['name'] },
    render: ({ name }) => name,
  }),
]
new Server({ tools: made, prompts: asked })

prompt({
  name: 'review',
  parameters: { type: 'object', properties: { language: { enum: ['en', 'de'] }, times: { type: 'integer' } }, required: ['language'] },
  complete: {
    times: (value, context) => [value, context.arguments['language'] ?? ''],
    // @ts-expect-error there is no such parameter
    style: () => [],
  },
  // @ts-expect-error a message has a role
  render: ({ language, times }) => {
    same<typeof language, 'en' | 'de'>(true)
    same<typeof times, number | undefined>(true)
    return [{ content: { type: 'text', text: language } }]
  },
})
const answers: PromptDefinition = {
  name: 'image',
  render: () => [{ role: 'user', content: { type: 'image', data: '', mimeType: 'image/png' } }],
}
const incomplete: PromptDefinition = {
  name: 'image',
  // @ts-expect-error an image has data
  render: () => [{ role: 'user', content: { type: 'image', mimeType: 'image/png' } }],
}

export { answers, incomplete }

export const referring = tool({
  name: 'referring',
  parameters: {
    type: 'object',
    properties: {
      one: { type: 'string', resourceRef: true },
      some: { type: 'array', items: { type: 'string', resourceRef: { template: 'docs://{id}' } } },
    },
    required: ['one'],
  },
  execute({ one, some }) {
    same<typeof one, Flat<ReferencedContent>>(true)
    same<NonNullable<typeof some>[number], Flat<ReferencedContent>>(true)
    // @ts-expect-error the content, and not the reference
    one.toUpperCase()
    return one.text ?? one.bytes.length
  },
})
export const referringByZod = tool({
  name: 'referring-by-zod',
  parameters: z.object({ one: z.string().meta({ resourceRef: true }).transform(asContent) }),
  execute({ one }) {
    same<typeof one, Flat<ReferencedContent>>(true)
    return one.size
  },
})
