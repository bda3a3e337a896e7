/**
 * Prompts from templates, as the guide writes them. A template is checked when it is registered: every placeholder declared,
 * every declared one used, patterns anchored and linear, no free text in a role line. Rendering puts values only where they
 * cannot change the text around them (`template.ts`, `boundary.ts`) and takes hidden characters out of them (`unicode.ts`).
 *
 *   definition ─ compilePrompt ─▶ CompiledPrompt ─ check(args), then render(args) ─▶ messages
 *
 * What holds: no value changes a character outside its place, adds a message or a placeholder, closes its boundary or begins a
 * line. What does not: a short phrase of plain letters is allowed in a role line if the author's pattern allows it, and a model
 * may be swayed by data that it was told is data.
 *
 * MCP knows the roles user and assistant only, so that a system line is carried by a message of the user whose lines are marked
 * `System:`, in the template's order; its content's `_meta` says `sallyport/part: system` to a client that has a system role.
 *
 * Fails closed: a template with a problem does not compile, and arguments that `check` refuses make `render` throw.
 *
 * @module
 */

import { z } from 'zod'
import { ConfigError, checkOptions, type Entry, type JsonObject } from '../core/index.ts'
import { isObject } from '../protocol/index.ts'
import { createArgumentsCheck, declareArguments, fitsRoleLine, readArguments } from './arguments.ts'
import { boundaryRule, chooseNonce, createNonce, withinBoundary } from './boundary.ts'
import { type Parameters, readParameters } from './parameters.ts'
import { checkPromptOutput, REMOVED, type RemovedFrom } from './prompt-output.ts'
import { type Block, readTemplate, type Use } from './template.ts'
import { cleanText } from './unicode.ts'

/** A prompt as its author writes it. */
export interface PromptDefinition {
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  /** Lines of text with `{{placeholders}}`; see `template.ts` for what a line may be. */
  readonly template: string
  /** A JSON Schema object: one flat member for each placeholder. */
  readonly parameters?: JsonObject | undefined
}

export interface PromptMessage {
  readonly role: 'user' | 'assistant'
  readonly content: { readonly type: 'text'; readonly text: string; readonly _meta: JsonObject }
}

/** `removed` is ours; the other members are the result on the wire. */
export interface RenderedPrompt {
  readonly description?: string
  readonly messages: readonly PromptMessage[]
  readonly _meta?: JsonObject
  readonly removed: readonly RemovedFrom[]
}

export interface RenderOptions {
  /** Makes the boundaries' nonce; random unless told. */
  readonly nonce?: (() => string) | undefined
}

export interface CompiledPrompt {
  readonly name: string
  /** What a list shows of it. */
  readonly definition: JsonObject
  readonly parameters: Parameters
  /** What its arguments must match on the wire, where each is a string. `check` asks this and more. */
  readonly schema: JsonObject
  /** The whole check of its arguments, as an entry of the catalogue wants it. */
  readonly check: NonNullable<Entry['check']>
  /** Throws where `check` refuses, naming the path and the rule. */
  render(args?: JsonObject, options?: RenderOptions): RenderedPrompt
}

const PART = 'sallyport/part'
const promptName = /^[\w.-]{1,128}$/

const object = z.custom<JsonObject>((value) => isObject(value), 'must be an object')
const shape: z.ZodType<PromptDefinition> = z.strictObject({
  name: z.string(),
  title: z.string().max(256).optional(),
  description: z.string().max(4_096).optional(),
  template: z.string(),
  parameters: object.optional(),
})

/** @throws {ConfigError} naming every problem. */
export function compilePrompt(input: PromptDefinition): CompiledPrompt {
  const { name, title, description, template: source, parameters: schema } = checkOptions('prompt', shape, input)
  const problems: string[] = []
  const report = (problem: string): void => void problems.push(`prompt ${JSON.stringify(cleanText(name).text.slice(0, 128))}: ${problem}`)

  if (!promptName.test(name)) report('name: must be 1 to 128 letters, digits, "_", "-" or "."')
  for (const [key, text] of Object.entries({ title, description }))
    if (text !== undefined && cleanText(text).removed.length > 0) report(`${key}: has hidden characters`)
  const parameters = readParameters(schema, report)
  const { blocks, uses } = readTemplate(source, report)
  checkUses(uses, parameters, report)
  if (problems.length > 0) throw new ConfigError([...new Set(problems)])

  const inRoleLines = new Set(uses.flatMap((use) => (use.role ? [use.name] : [])))
  const check = createArgumentsCheck(parameters, inRoleLines)
  const declared = [...parameters.byName.values()]
  return {
    name,
    definition: {
      name,
      ...(title === undefined ? {} : { title }),
      ...(description === undefined ? {} : { description }),
      arguments: declareArguments(parameters),
    },
    parameters,
    schema: {
      type: 'object',
      properties: Object.fromEntries(declared.map((parameter) => [parameter.name, parameter.wire])),
      required: declared.filter(({ required }) => required).map((parameter) => parameter.name),
      additionalProperties: parameters.additional,
    },
    check,
    render(args = {}, { nonce: create = createNonce } = {}) {
      const violation = check(args)
      if (violation) throw new TypeError(`prompt ${name}: ${violation.path} ${violation.rule}`)
      const { values, removed } = readArguments(args, parameters)
      const messages = toMessages(blocks, values, chooseNonce(create, [...values.values()]))
      const result = {
        ...(description === undefined ? {} : { description }),
        messages,
        ...(removed.length === 0 ? {} : { _meta: { [REMOVED]: removed } }),
      }
      const checked = checkPromptOutput(result)
      if ('problem' in checked || checked.removed.length > 0) throw new Error(`prompt ${name}: rendered what may not be sent`)
      return { ...result, removed }
    },
  }
}

function checkUses(uses: readonly Use[], { byName }: Parameters, report: (problem: string) => void): void {
  const used = new Set(uses.map((use) => use.name))
  for (const { name, line, role } of uses) {
    const parameter = byName.get(name)
    if (!parameter) report(`template line ${line}: {{${name}}} is not declared in parameters`)
    else if (!role) continue
    else if (parameter.roleLineProblem)
      report(`template line ${line}: {{${name}}} may not stand in a role line ("${role}:"): ${parameter.roleLineProblem}`)
    else if (!parameter.required && parameter.fallback === undefined)
      report(`template line ${line}: {{${name}}} may not stand in a role line ("${role}:"): it must be required, or have a default`)
    else if (parameter.fallback !== undefined && !parameter.listed && !fitsRoleLine(parameter.fallback))
      report(`parameters.${name}.default: may not stand in a role line ("${role}:")`)
  }
  for (const name of byName.keys()) if (!used.has(name)) report(`parameters.${name}: is not used in the template`)
}

/** Each block is written once, from its pieces: a value is never read for placeholders. */
function toMessages(blocks: readonly Block[], values: ReadonlyMap<string, string>, nonce: string): readonly PromptMessage[] {
  const messages: PromptMessage[] = []
  const say = (part: 'system' | 'text' | 'data', text: string, role: PromptMessage['role'] = 'user'): void =>
    void messages.push({ role, content: { type: 'text', text, _meta: { [PART]: part } } })
  const write = (block: Exclude<Block, { kind: 'data' }>, fill: (name: string) => string): string =>
    block.pieces.map((piece) => (typeof piece === 'string' ? piece : fill(piece.name))).join('')
  const inline = (name: string): string => values.get(name) as string
  const label = (name: string): string => `[data: ${name}${values.has(name) ? '' : ', not given'}]`

  const rule = blocks.some(({ kind }) => kind === 'data') ? `System: ${boundaryRule(nonce)}` : undefined
  if (rule && blocks[0]?.kind !== 'system') say('system', rule)
  blocks.forEach((block, index) => {
    if (block.kind === 'data') {
      const value = values.get(block.name)
      if (value !== undefined) say('data', withinBoundary(nonce, block.name, value))
    } else if (block.kind === 'user') say('text', write(block, label))
    else if (block.kind === 'assistant') say('text', write(block, inline), 'assistant')
    else
      say(
        'system',
        write(block, inline) +
          (rule && index === 0
            ? `
${rule}`
            : ''),
      )
  })
  return messages
}
