/**
 * From a tool's definition to its entry in the catalogue. Everything that can be wrong with it is found here, once, so that nothing
 * of it is judged while a call waits.
 *
 *   definition ─ toolEntry ─▶ Entry: validate runs `check` and `normalize`, approve `condition`, execute the function, release `checkResult`
 *
 * Fails closed: with a problem there is no entry.
 *
 * @module
 */

import {
  describeProblems,
  type Entry,
  type EntryLimits,
  type JsonObject,
  looksSecret,
  type SealedFields,
  type TaskSupport,
} from '../../core/index.ts'
import { type CompiledRules, compileRules, rateSchema, releaseSchema, toLimit } from '../../guards/index.ts'
import { isObject } from '../../protocol/index.ts'
import { type AuditOptions, auditSchema } from '../../retention/index.ts'
import { type ModuleTool, readModule } from './module.ts'
import { createRunModule, type RunJob, type RunModule } from './module-executor.ts'
import { checkReads, toPermission } from './permissions.ts'
import { readOutputSchema, readParameters } from './schemas.ts'
import { checkName, checkNumber, readDisplay, reportFor } from './shape.ts'
import type { ToolDefinition } from './tool.ts'
import { createToolExecutor, type RunFunction } from './tool-executor.ts'
import { checkKeys, type Report } from './unknown-keys.ts'

export interface EntryOptions {
  /** The server's own name, for the audit. */
  readonly server: string
  /** Is told of every problem, with the definition's name in front. */
  readonly report: Report
  /** Is told of what is allowed, though not wise: fields without bounds. */
  readonly warn: Report
  /** Whether what would be warned of is a problem. */
  readonly strict?: boolean | undefined
  /** Where modules run. Without: there are none. */
  readonly modules?: Modules | undefined
}
/** Takes each module, and answers how a job gets to its children. */
export interface Modules {
  add(tool: ModuleTool): RunJob
}
const keys = [
  'name',
  'title',
  'description',
  'annotations',
  'icons',
  '_meta',
  'parameters',
  'outputSchema',
  'permissions',
  'rateLimit',
  'cost',
  'concurrency',
  'timeoutSeconds',
  'release',
  'audit',
  'task',
  'execute',
  'sandbox',
]
const DAY_SECONDS = 86_400

/** Undefined: there were problems, and they were reported. */
export function toolEntry(definition: ToolDefinition | object, options: EntryOptions): Entry | undefined {
  if (!isObject(definition)) {
    options.report('tools: each must be an object')
    return undefined
  }
  const { name, execute, outputSchema, sandbox } = definition
  let fine = true
  const report = reportFor('tool', name, (problem) => {
    fine = false
    options.report(problem)
  })
  const warn = options.strict ? report : reportFor('tool', name, options.warn)

  checkKeys(definition, keys, '', report)
  checkName(name, report)
  const display = readDisplay(definition, report)
  const module = execute instanceof URL && typeof name === 'string' ? readModule(name, execute, sandbox, report) : undefined
  if (!(execute instanceof URL)) readInline(definition, report, options.strict === true)
  const parameters = readParameters(definition['parameters'], report, warn)
  for (const { path } of parameters?.mirrors ?? [])
    if (looksSecret(path.at(-1) ?? ''))
      warn(`parameters.${path.join('.')}: is mirrored in a header, which proxies log: do not, with what grants access (x-mcp-header)`)
  const output = outputSchema === undefined ? undefined : readOutputSchema(outputSchema, report)
  const permitted = toPermission(definition['permissions'], 'tool', report)
  if (permitted && parameters?.nameable) checkReads(permitted, parameters.nameable, report)
  const limits = readLimits(definition, report)
  const release = readRelease(definition, report)
  const audit = readAudit(definition, report)
  const task = readTask(definition, report)
  if (!fine || typeof name !== 'string' || !parameters || !permitted) return undefined

  const run = module ? toRunModule(module, options, report) : bound(execute, definition)
  if (!run) return undefined
  const executor = createToolExecutor({ run, parseOutput: output?.parse, task })
  const { permission, condition, rule } = permitted
  const shown = { name, ...display, inputSchema: parameters.schema, ...(output ? { outputSchema: output.schema } : {}) }
  return {
    kind: 'tool',
    name,
    definition: release ? release.shown(shown) : shown,
    permission,
    condition,
    ask: false,
    rule,
    check: parameters.check,
    normalize: parameters.normalize,
    references: parameters.references,
    sealed: toSealed(parameters.sealed, output?.sealed ?? []),
    checkResult: output?.checkResult,
    release: release?.rules,
    keepsArguments: audit?.arguments && audit.arguments === 'sealed',
    limits,
    mirrors: parameters.mirrors,
    origin: { server: options.server, name },
    executor,
  }
}

/** Bound to its definition, for functions that say `this`. */
const bound = (execute: unknown, definition: object): RunFunction | undefined =>
  typeof execute === 'function' ? (execute.bind(definition) as RunFunction) : undefined

function toRunModule(module: ModuleTool, { modules }: EntryOptions, report: Report): { readonly module: RunModule } | undefined {
  if (modules) return { module: createRunModule(module, modules.add(module)) }
  report('execute: modules are for tools of an MCPServer')
  return undefined
}

/** A function runs in this process, and can do what this process can. */
function readInline({ execute, sandbox, annotations }: JsonObject, report: Report, isStrict: boolean): void {
  if (typeof execute !== 'function') report('execute: must be a function, or the URL of a module')
  if (sandbox !== undefined) report('sandbox: is for a tool whose `execute` is the URL of a module: a function runs in this process')
  if (isStrict && isObject(annotations) && annotations['destructiveHint'] === true)
    report('execute: is destructive, and a function runs without a sandbox: make it a module, execute: new URL("./…", import.meta.url)')
}

const toSealed = (args: SealedFields['arguments'], results: SealedFields['results']): SealedFields | undefined =>
  args.length > 0 || results.length > 0 ? { arguments: args, results } : undefined

const taskKeys = ['support', 'ttlMs', 'pollIntervalMs', 'before']

function readTask({ task }: JsonObject, report: Report): TaskSupport | undefined {
  if (task === undefined) return undefined
  const given = typeof task === 'string' ? { support: task } : task
  if (!isObject(given) || (given['support'] !== 'optional' && given['support'] !== 'required')) {
    report('task: must be "optional", "required", or an object with one of these as `support`')
    return undefined
  }
  checkKeys(given, taskKeys, 'task', report)
  const { support, before } = given
  if (before !== undefined && typeof before !== 'function') report('task.before: must be a function')
  return {
    support,
    ttlMs: checkNumber('task.ttlMs', given['ttlMs'], 1, 30 * DAY_SECONDS * 1000, report, 'whole'),
    pollIntervalMs: checkNumber('task.pollIntervalMs', given['pollIntervalMs'], 1, DAY_SECONDS * 1000, report, 'whole'),
    before: typeof before === 'function' ? createToolExecutor({ run: before.bind(given) as RunFunction }) : undefined,
  }
}

function readLimits(definition: JsonObject, report: Report): EntryLimits | undefined {
  const { rateLimit, cost, concurrency, timeoutSeconds } = definition
  if ([rateLimit, cost, concurrency, timeoutSeconds].every((value) => value === undefined)) return undefined
  return {
    cost: checkNumber('cost', cost, 0, 1_000_000, report, 'whole'),
    concurrency: checkNumber('concurrency', concurrency, 1, 1_000_000, report, 'whole'),
    rate: readRate(rateLimit, report),
    deadlineSeconds: checkNumber('timeoutSeconds', timeoutSeconds, 0.001, DAY_SECONDS, report),
  }
}

function readAudit({ audit }: JsonObject, report: Report): AuditOptions | undefined {
  if (audit === undefined) return undefined
  const { data, error } = auditSchema.safeParse(audit)
  if (data) return data
  for (const { path, text } of describeProblems(error.issues, auditSchema)) report(`${['audit', ...path].join('.')}: ${text}`)
  return undefined
}

function readRelease({ release }: JsonObject, report: Report): CompiledRules | undefined {
  if (release === undefined) return undefined
  const { data, error } = releaseSchema.safeParse(release)
  if (data) return compileRules(data)
  for (const { path, text } of describeProblems(error.issues, releaseSchema)) report(`${['release', ...path].join('.')}: ${text}`)
  return undefined
}

function readRate(given: unknown, report: Report): EntryLimits['rate'] {
  if (given === undefined) return undefined
  const { data, error } = rateSchema.safeParse(given)
  if (data) return toLimit(data)
  for (const { path, text } of describeProblems(error.issues, rateSchema)) report(`${['rateLimit', ...path].join('.')}: ${text}`)
  return undefined
}
