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
import { checkReads, toPermission } from './permissions.ts'
import { readOutputSchema, readParameters } from './schemas.ts'
import { checkName, checkNumber, readDisplay, reportFor } from './shape.ts'
import type { ToolDefinition } from './tool.ts'
import { createToolExecutor } from './tool-executor.ts'
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
]
const DAY_SECONDS = 86_400

/** Undefined: there were problems, and they were reported. */
export function toolEntry(definition: ToolDefinition | object, options: EntryOptions): Entry | undefined {
  if (!isObject(definition)) {
    options.report('tools: each must be an object')
    return undefined
  }
  const { name, execute, outputSchema } = definition
  let fine = true
  const report = reportFor('tool', name, (problem) => {
    fine = false
    options.report(problem)
  })
  const warn = options.strict ? report : reportFor('tool', name, options.warn)

  checkKeys(definition, keys, '', report)
  checkName(name, report)
  const display = readDisplay(definition, report)
  if (typeof execute !== 'function') report('execute: must be a function')
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
  if (!fine || typeof name !== 'string' || typeof execute !== 'function' || !parameters || !permitted) return undefined

  // Bound to its definition, for functions that say `this`.
  const run = execute.bind(definition) as ToolDefinition['execute']
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
    before: typeof before === 'function' ? createToolExecutor({ run: before.bind(given) as ToolDefinition['execute'] }) : undefined,
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
