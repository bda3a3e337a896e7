/**
 * From a prompt's definition to its entry in the catalogue. A template that would not hold (`trust/prompt.ts`) is a problem, and so
 * is everything else that can be found before anybody asks.
 *
 * Fails closed: with a problem there is no entry.
 *
 * @module
 */

import type { Entry, JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import {
  type ArgumentValues,
  type CompiledPrompt,
  compilePrompt,
  createArgumentsCheck,
  declareArguments,
  readParameters,
} from '../../trust/index.ts'
import { type Completable, type Complete, createCompleter } from './completion.ts'
import { checkReads, type Nameable, toPermission } from './permissions.ts'
import type { PromptDefinition } from './prompt.ts'
import { createPromptExecutor, createRender, type MayRefer, normalizePrompt, type Render } from './prompt-executor.ts'
import { checkUnmarked, nameableIn, outputNameable, readSchema } from './schemas.ts'
import { checkName, readDisplay, reportFor } from './shape.ts'
import type { EntryOptions } from './tool-entry.ts'
import { checkKeys, type Report } from './unknown-keys.ts'

export interface PromptEntryOptions extends EntryOptions {
  /** Any, unless told. */
  readonly mayRefer?: MayRefer | undefined
}

const keys = ['name', 'title', 'description', 'icons', '_meta', 'parameters', 'permissions', 'complete', 'template', 'render']

type Run = NonNullable<PromptDefinition['render']>
/** By a function, or from a template. */
interface Made extends Pick<CompiledPrompt, 'parameters' | 'check'> {
  readonly run: Run
}
interface Read extends Pick<CompiledPrompt, 'parameters' | 'check'> {
  readonly normalize: NonNullable<Entry['normalize']>
  /** What a rule can name; undefined: it may be anything. */
  readonly nameable: Nameable | undefined
  readonly render: Render
}

/** Undefined: there were problems, and they were reported. */
export function promptEntry(definition: PromptDefinition | object, options: PromptEntryOptions): Entry | undefined {
  if (!isObject(definition)) {
    options.report('prompts: each must be an object')
    return undefined
  }
  const { name } = definition
  const told = new Set<string>()
  const report = reportFor('prompt', name, (problem) => {
    if (!told.has(problem)) options.report(problem)
    told.add(problem)
  })

  checkKeys(definition, keys, '', report)
  checkName(name, report)
  const display = readDisplay(definition, report)
  const permitted = toPermission(definition['permissions'], 'prompt', report)
  const read = readPrompt(definition, report, options)
  if (permitted && read?.nameable) checkReads(permitted, read.nameable, report)
  const completables = read && readCompletables(definition['complete'], read, report)
  if (told.size > 0 || typeof name !== 'string' || !permitted || !read || !completables) return undefined

  const { permission, condition, rule } = permitted
  return {
    kind: 'prompt',
    name,
    definition: { name, ...display, arguments: declareArguments(read.parameters) },
    permission,
    condition,
    ask: false,
    rule,
    check: read.check,
    normalize: read.normalize,
    mirrors: [],
    origin: { server: options.server, name },
    executor: createPromptExecutor({ render: read.render, complete: createCompleter(completables) }),
  }
}

function readPrompt(definition: JsonObject, report: Report, { mayRefer }: PromptEntryOptions): Read | undefined {
  const { description: said, template, render, parameters: given } = definition
  const description = typeof said === 'string' ? said : undefined
  if ((template === undefined) === (render === undefined)) return problem('needs either a template or a render function')
  if (render !== undefined && typeof render !== 'function') return problem('render: must be a function')
  if (template !== undefined && typeof template !== 'string') return problem('template: must be a text')
  const source = given === undefined ? { schema: undefined, parse: undefined } : readSchema(given, 'parameters', report)
  if (!source) return undefined
  const { schema, parse } = source
  checkUnmarked(schema, (what) => report(`parameters${what}`))
  if (template !== undefined && parse)
    return problem('parameters: a template takes plain JSON Schema; with Zod, or another library, use render')
  // Bound to its definition, for functions that say `this`.
  const made =
    typeof template === 'string' ? fromTemplate(template, schema, report) : fromFunction((render as Run).bind(definition), schema, report)
  if (!made) return undefined
  const { parameters, check, run } = made
  return {
    parameters,
    check,
    normalize: normalizePrompt(parameters, parse),
    nameable: parse ? outputNameable(given) : nameableIn(schema?.['properties']),
    render: createRender({ run, parameters, mayRefer, description }),
  }

  function problem(what: string): undefined {
    report(what)
    return undefined
  }
}

function fromTemplate(template: string, schema: JsonObject | undefined, report: Report): Made | undefined {
  const compiled = compilePrompt({ template, parameters: schema }, report)
  return compiled && { ...compiled, run: (values: ArgumentValues) => compiled.render(values) }
}

function fromFunction(run: Run, schema: JsonObject | undefined, report: Report): Made {
  const parameters = readParameters(schema, report)
  return { parameters, check: createArgumentsCheck(parameters), run }
}

function readCompletables(given: unknown, { parameters }: Read, report: Report): ReadonlyMap<string, Completable> {
  const completables = new Map<string, Completable>(parameters.byName)
  if (given === undefined) return completables
  if (!isObject(given)) report('complete: must be an object')
  else if (checkKeys(given, [...parameters.byName.keys()], 'complete', report))
    for (const [name, complete] of Object.entries(given)) {
      if (typeof complete !== 'function') report(`complete.${name}: must be a function`)
      else completables.set(name, { read: parameters.byName.get(name)?.read, complete: complete as Complete })
    }
  return completables
}
