/**
 * Prompts from templates, as the guide writes them. A template is checked when it is registered: every placeholder declared,
 * every declared one used, patterns anchored and linear, no free text in a role line. Rendering puts values only where they
 * cannot change the text around them (`template.ts`, `boundary.ts`) and takes hidden characters out of them (`unicode.ts`).
 *
 *   template, parameters ─ compilePrompt ─▶ CompiledPrompt ─ check(args), readArguments, render(values) ─▶ messages
 *
 * What holds: no value changes a character outside its place, adds a message or a placeholder, closes its boundary or begins a
 * line. What does not: a short phrase of plain letters is allowed in a role line if the author's pattern allows it, and a model
 * may be swayed by data that it was told is data.
 *
 * MCP knows the roles user and assistant only, so that a system line is carried by a message of the user whose lines are marked
 * `System:`, in the template's order; its content's `_meta` says `sallyport/part: system` to a client that has a system role.
 *
 * Fails closed: a template with a problem does not compile, and what `check` has not let through is not for `render`.
 *
 * @module
 */

import type { Entry, JsonObject } from '../core/index.ts'
import { type ArgumentValues, createArgumentsCheck, fitsRoleLine } from './arguments.ts'
import { boundaryRule, chooseNonce, createNonce, withinBoundary } from './boundary.ts'
import { type Parameters, readParameters } from './parameters.ts'
import { type Block, readTemplate, type Use } from './template.ts'

/** Of a prompt, what is judged here. */
export interface PromptTemplate {
  /** Lines of text with `{{placeholders}}`; see `template.ts` for what a line may be. */
  readonly template: string
  /** A JSON Schema object: one flat member for each placeholder. */
  readonly parameters?: JsonObject | undefined
}

export interface PromptMessage {
  readonly role: 'user' | 'assistant'
  readonly content: { readonly type: 'text'; readonly text: string; readonly _meta: JsonObject }
}

export interface CompiledPrompt {
  readonly parameters: Parameters
  /** The whole check of its arguments, as an entry of the catalogue wants it. */
  readonly check: NonNullable<Entry['check']>
  /** `values`: of arguments that were checked (`readArguments`). `nonce` makes that of the boundaries; random unless told. */
  render(values: ArgumentValues, nonce?: () => string): readonly PromptMessage[]
}

const PART = 'sallyport/part'

/** Undefined: there were problems, and each was reported. */
export function compilePrompt(
  { template, parameters: schema }: PromptTemplate,
  report: (problem: string) => void,
): CompiledPrompt | undefined {
  let fine = true
  const problem = (what: string): void => {
    fine = false
    report(what)
  }
  const parameters = readParameters(schema, problem)
  const { blocks, uses } = readTemplate(template, problem)
  checkUses(uses, parameters, problem)
  if (!fine) return undefined

  const inRoleLines = new Set(uses.flatMap((use) => (use.role ? [use.name] : [])))
  return {
    parameters,
    check: createArgumentsCheck(parameters, inRoleLines),
    render(given, create = createNonce) {
      const values = new Map(Object.entries(given).map(([name, value]) => [name, String(value)]))
      return toMessages(blocks, values, chooseNonce(create, [...values.values()]))
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
