/**
 * The fields of a form that a server asks for (2026-07-28 elicitation §requested schema): what each wants in words, and what a person
 * typed as the value that it wants. Flat by the specification: text, numbers, yes or no, one of several, some of several. Pure.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { compileCheck } from '../../schema/index.ts'
import { shown, shownShort } from '../shown.ts'

export interface Field {
  readonly name: string
  readonly title: string | undefined
  readonly description: string | undefined
  /** What may be typed, in words: `a date, YYYY-MM-DD; needed`. */
  readonly rule: string
  readonly isNeeded: boolean
  readonly fallback: unknown
  /** Named for the person; their number may be typed in place of the value. */
  readonly choices: readonly Choice[]
  read(text: string): { readonly value: unknown } | { readonly problem: string }
}

export interface Choice {
  readonly value: string
  readonly title: string
}

const formats: Readonly<Record<string, string>> = {
  date: 'a date, YYYY-MM-DD',
  'date-time': 'a date and time, 2027-01-01T12:00:00Z',
  email: 'an e-mail address',
  uri: 'a URL',
}

/** In the order of the form. What is no schema of a field is left out: the check of the whole tells. */
export function fieldsOf(requestedSchema: JsonObject): Field[] {
  const { properties, required } = requestedSchema
  const needed = new Set(Array.isArray(required) ? required : [])
  return Object.entries(objectOf(properties)).map(([name, schema]) => fieldOf(name, objectOf(schema), needed.has(name)))
}

function fieldOf(name: string, schema: JsonObject, isNeeded: boolean): Field {
  const choices = choicesOf(schema)
  const check = compileCheck({ type: 'object', properties: { value: schema } }, 'checked')
  return {
    name,
    title: textOf(schema['title']),
    description: textOf(schema['description']),
    rule: [ruleOf(schema, choices), isNeeded && 'needed'].filter(Boolean).join('; '),
    isNeeded,
    fallback: schema['default'],
    choices,
    read(text) {
      const value = convert(text, schema, choices)
      if (value === undefined) return { problem: `it must be ${ruleOf(schema, choices)}` }
      const violation = 'check' in check ? check.check({ value }) : undefined
      return violation === undefined ? { value } : { problem: `it ${shown(violation.rule)}` }
    },
  }
}

function convert(text: string, schema: JsonObject, choices: readonly Choice[]): unknown {
  const typed = text.trim()
  switch (schema['type']) {
    case 'boolean':
      return /^(?:y|yes|true)$/i.test(typed) ? true : /^(?:n|no|false)$/i.test(typed) ? false : undefined
    case 'number':
    case 'integer':
      return /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/i.test(typed) ? Number(typed) : undefined
    case 'array': {
      const picked = typed === '' ? [] : typed.split(',').map((part) => choose(part.trim(), choices))
      return picked.includes(undefined) ? undefined : picked
    }
    default:
      return choices.length > 0 ? choose(typed, choices) : text
  }
}

/** By itself, else by its number. */
const choose = (typed: string, choices: readonly Choice[]): string | undefined =>
  choices.find(({ value }) => value === typed)?.value ?? (/^\d{1,4}$/.test(typed) ? choices[Number(typed) - 1]?.value : undefined)

function ruleOf(schema: JsonObject, choices: readonly Choice[]): string {
  const { type, format, minLength, maxLength, minimum, maximum } = schema
  if (type === 'boolean') return 'yes or no'
  if (type === 'array') return 'numbers from the list, with commas'
  if (choices.length > 0) return 'a number from the list'
  if (type === 'number' || type === 'integer')
    return `${type === 'integer' ? 'a whole number' : 'a number'}${between(minimum, maximum, '')}`
  if (typeof format === 'string' && Object.hasOwn(formats, format)) return formats[format] as string
  return `text${between(minLength, maxLength, ' characters')}`
}

function between(from: unknown, to: unknown, unit: string): string {
  const [least, most] = [from, to].map((bound) => (typeof bound === 'number' ? bound : undefined))
  if (least !== undefined && most !== undefined) return ` from ${least} to ${most}${unit}`
  if (least !== undefined) return ` of ${least}${unit} or more`
  return most === undefined ? '' : ` up to ${most}${unit}`
}

/** `enum`, with `enumNames` as older servers write them; `oneOf` and `anyOf` of `{ const, title }`; those of `items` for several. */
function choicesOf(schema: JsonObject): Choice[] {
  const from = schema['type'] === 'array' ? objectOf(schema['items']) : schema
  const names = Array.isArray(from['enumNames']) ? from['enumNames'] : []
  if (Array.isArray(from['enum']))
    return from['enum'].flatMap((value, at) =>
      typeof value === 'string' ? [{ value, title: shownShort(textOf(names[at]) ?? value) }] : [],
    )
  const titled = [from['oneOf'], from['anyOf']].find((list) => Array.isArray(list)) ?? []
  return (titled as unknown[]).flatMap((one) => {
    const { const: value, title } = objectOf(one)
    return typeof value === 'string' ? [{ value, title: shownShort(textOf(title) ?? value) }] : []
  })
}

const objectOf = (value: unknown): JsonObject => (isObject(value) ? value : {})
const textOf = (value: unknown): string | undefined => (typeof value === 'string' ? value : undefined)
