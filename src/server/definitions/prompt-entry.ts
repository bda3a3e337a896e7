/**
 * From a prompt's definition to its entry in the catalogue. A template that would not hold (`trust/prompt.ts`) is a problem, and so
 * is everything else that can be found before anybody asks.
 *
 * Fails closed: with a problem there is no entry.
 *
 * @module
 */

import { ConfigError, type Entry, type JsonObject } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { type CompiledPrompt, compilePrompt, createArgumentsCheck, declareArguments, readParameters } from '../../trust/index.ts'
import { type Completable, type Complete, createCompleter } from './completion.ts'
import { checkReads, toPermission } from './permissions.ts'
import type { PromptDefinition } from './prompt.ts'
import { createPromptExecutor, createRender, type MayRefer, normalizePrompt, type Render, renderTemplate } from './prompt-executor.ts'
import { outputNames, readSchema } from './schemas.ts'
import { checkName, readDisplay, reportFor } from './shape.ts'
import type { EntryOptions } from './tool-entry.ts'
import { checkKeys, type Report } from './unknown-keys.ts'

export interface PromptEntryOptions extends EntryOptions {
  /** Any, unless told. */
  readonly mayRefer?: MayRefer | undefined
}

const keys = ['name', 'title', 'description', 'icons', '_meta', 'parameters', 'permissions', 'complete', 'template', 'render']

interface Read extends Pick<CompiledPrompt, 'parameters' | 'check'> {
  readonly normalize: NonNullable<Entry['normalize']>
  /** What a rule can name; undefined: it may be anything. */
  readonly names: readonly string[] | undefined
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
  function fail(problem: string): void {
    if (!told.has(problem)) options.report(problem)
    told.add(problem)
  }
  const report = reportFor('prompt', name, fail)

  checkKeys(definition, keys, '', report)
  checkName(name, report)
  const display = readDisplay(definition, report)
  const permitted = toPermission(definition['permissions'], 'prompt', options.compileCondition, report)
  const read = readPrompt(definition, report, fail, options)
  if (permitted && read?.names) checkReads(permitted, read.names, report)
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

function readPrompt(definition: JsonObject, report: Report, fail: Report, { mayRefer }: PromptEntryOptions): Read | undefined {
  const { name, description: said, template, render, parameters: given } = definition
  const description = typeof said === 'string' ? said : undefined
  if ((template === undefined) === (render === undefined)) return problem('needs either a template or a render function')
  const source = given === undefined ? { schema: undefined, parse: undefined } : readSchema(given, 'parameters', report)
  if (!source) return undefined
  if (typeof render === 'function') {
    const parameters = readParameters(source.schema, report)
    const run = render.bind(definition) as NonNullable<PromptDefinition['render']>
    return {
      parameters,
      check: createArgumentsCheck(parameters),
      normalize: normalizePrompt(parameters, source.parse),
      names: source.parse ? outputNames(given) : [...parameters.byName.keys()],
      render: createRender({ run, parameters, mayRefer, description }),
    }
  }
  if (render !== undefined) return problem('render: must be a function')
  if (source.parse) return problem('parameters: a template takes plain JSON Schema; with Zod, or another library, use render')
  try {
    const compiled = compilePrompt({ name, description, template, parameters: source.schema } as Parameters<typeof compilePrompt>[0])
    const { parameters, check } = compiled
    const names = [...parameters.byName.keys()]
    return { parameters, check, normalize: normalizePrompt(parameters, undefined), names, render: renderTemplate(compiled) }
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    for (const each of error.problems) {
      if (each.startsWith('prompt "')) fail(each)
      else report(each.replace(/^prompt\./, ''))
    }
    return undefined
  }

  function problem(what: string): undefined {
    report(what)
    return undefined
  }
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
