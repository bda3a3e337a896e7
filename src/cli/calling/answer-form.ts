/**
 * A form that a server asks for in the middle of a call, filled in at the terminal: who asks and why in the server's own words, each
 * field with its rule, everything once more before it is sent. Without a terminal it is declined.
 *
 * @module
 */

import { type JsonObject, looksSecret } from '../../core/index.ts'
import { shownShort } from '../shown.ts'
import type { Asker } from './asking.ts'
import { type Field, fieldsOf } from './form-fields.ts'
import { quoted } from './quoted.ts'
import { shownLine } from './shown-text.ts'

export type FormAnswer =
  | { readonly action: 'accept'; readonly content: Record<string, string | number | boolean | string[]> }
  | { readonly action: 'decline' | 'cancel' }

export interface FormRequest {
  readonly message: string
  readonly requestedSchema: JsonObject
}

const MAX_FIELDS = 100

/** `cancel` where the person ended it (^D), `decline` where they said no. */
export async function answerForm({ message, requestedSchema }: FormRequest, host: string, asker: Asker): Promise<FormAnswer> {
  asker.show(`\n${host} asks you for something:\n${quoted(message)}`)
  const asked = Object.keys(requestedSchema['properties'] ?? {}).length
  if (asked > MAX_FIELDS) {
    asker.show(`! It has ${asked} fields, which nobody fills in: declined.`)
    return { action: 'decline' }
  }
  const fields = fieldsOf(requestedSchema)
  if (fields.some(({ name, title, description }) => [name, title, description].some((text) => looksSecret(text ?? ''))))
    asker.show('! It looks like a secret. A server must not ask for one like this: anything that you write here, it reads.')
  if (fields.length > 0) asker.show('Nothing is sent before you say so. End with ^D.')

  const content: Record<string, unknown> = {}
  for (const field of fields) {
    const answered = await askFor(field, asker)
    if (answered === undefined) return { action: 'cancel' }
    if (answered.value !== undefined) content[field.name] = answered.value
  }
  if (fields.length > 0) asker.show(quoted(JSON.stringify(content, null, 2)))
  if (!(await asker.confirm(`Send ${fields.length > 0 ? 'this' : 'your agreement'} to ${host}?`))) return { action: 'decline' }
  return { action: 'accept', content: content as Record<string, string | number | boolean | string[]> }
}

/** What is sent where nothing is typed, as it would be typed. */
function usualOf({ fallback, choices }: Field): string {
  const picked = [fallback].flat().map((one) => choices.findIndex(({ value }) => value === one) + 1)
  if (choices.length > 0 && !picked.includes(0)) return picked.join(',')
  if (typeof fallback === 'boolean') return fallback ? 'yes' : 'no'
  return typeof fallback === 'string' ? fallback : JSON.stringify(fallback)
}

/** `value` is undefined where the field is left out; all is undefined where the person ended it. */
async function askFor(field: Field, asker: Asker): Promise<{ readonly value: unknown } | undefined> {
  const { name, title, description, rule, isNeeded, fallback, choices, read } = field
  const about = [title, description].filter((text) => text !== undefined && text !== '')
  if (about.length > 0) asker.show(quoted(about.map((text) => shownLine(text as string)).join('\n')))
  if (choices.length > 0) asker.show(choices.map((choice, at) => `  │ ${String(at + 1).padStart(3)}  ${choice.title}`).join('\n'))
  const usual = fallback === undefined ? '' : ` [${shownShort(usualOf(field))}]`
  for (;;) {
    const typed = await asker.ask(`${shownShort(name)} (${rule})${usual}: `)
    if (typed === undefined) return undefined
    if (typed === '' && fallback !== undefined) return { value: fallback }
    if (typed === '' && !isNeeded) return { value: undefined }
    const found = typed === '' ? { problem: 'it is needed' } : read(typed)
    if ('value' in found) return found
    asker.show(`  ${found.problem}`)
  }
}
