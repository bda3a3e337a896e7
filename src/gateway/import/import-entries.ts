/**
 * Turns what an upstream says that it has into entries of our catalogue. What cannot be offered safely or cannot be
 * understood is left out with a warning, and never anything but that: one bad definition costs nobody else.
 *
 * Pure: lists in, entries and warnings out, one definition at a time.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { atOnce, type Entry, type EntryKind, type Executor, type JsonObject, matchesGlob, type Steps } from '../../core/index.ts'
import { isObject, isWithinDepth, MAX_URI_LENGTH, matchTemplate } from '../../protocol/index.ts'
import { type Checks, createChecks, promptCheck, type UnderstoodSchema } from '../../schema/index.ts'
import { hintedHash } from '../../trust/index.ts'
import type { LockFile } from '../launch/lock-file.ts'
import { type AuditRule, classify, promptPermission, type ReleaseRule, resourcePermission, type ToolRule } from './classify.ts'
import { ruleFor } from './glob-rule.ts'
import type { Lists } from './read-lists.ts'
import { type ReferenceRule, referringTo } from './references.ts'

export interface ImportOptions {
  /** Our own id for the upstream. */
  readonly server: string
  /** Whether it is one of several, so that its names need ours in front. */
  readonly prefixed: boolean
  readonly rules: readonly ToolRule[]
  /** Arguments that callers send by reference. */
  readonly references?: readonly ReferenceRule[] | undefined
  /** What leaves of which tool's results. */
  readonly release?: readonly ReleaseRule[] | undefined
  /** Of which tools arguments are kept beside the audit. */
  readonly audit?: readonly AuditRule[] | undefined
  readonly lock: Pick<LockFile, 'find'>
  readonly executor: Executor
  /** What was understood at earlier imports of this upstream. */
  readonly checks?: Checks
}

export interface Imported {
  readonly entries: readonly Entry[]
  /** One sentence each, for the log. */
  readonly warnings: readonly string[]
  /** Differs when an entry does. */
  readonly fingerprint: string
}

export const nothing: Imported = { entries: [], warnings: [], fingerprint: '' }

const MAX_NAME = 256
const MAX_DEFINITION_BYTES = 256 * 1024
const MAX_DEFINITION_DEPTH = 80
/** Of all definitions of one upstream: they are in every list that a caller reads, beside those of the others. */
const MAX_DEFINITIONS_BYTES = 2 * 1024 * 1024
/** A URI is matched against each of them. */
const MAX_TEMPLATES = 64
const MAX_WARNINGS = 100

export const importEntries = (lists: Lists, options: ImportOptions): Imported => atOnce(importSteps(lists, options))

/** The same, to be interrupted between definitions. */
export function* importSteps(lists: Lists, options: ImportOptions): Steps<Imported> {
  const {
    server,
    prefixed,
    rules,
    lock,
    executor,
    checks = createChecks(),
    references: referenceRules = [],
    release: releaseRules = [],
    audit: auditRules = [],
  } = options
  const fingerprint = createHash('sha256')
  let left = MAX_DEFINITIONS_BYTES
  let full = false
  let unread = 0
  const warnings: string[] = []
  const entries = new Map<string, Entry>()
  const warn = (what: string, why: string): void => void warnings.push(`${server}: left out ${what}: ${why}`)

  function add(entry: Entry): void {
    const key = `${entry.kind} ${entry.name}`
    const other = entries.get(key)
    if (other)
      return warn(
        describe(entry.kind, entry.origin.name),
        `it would be called ${quote(entry.name)}, like ${quote(other.origin.name)} before it`,
      )
    entries.set(key, entry)
    const { kind, name, definition, permission, ask, rule, origin } = entry
    fingerprint.update(JSON.stringify([kind, name, definition, permission, ask, rule, origin]))
  }
  /** The name on our wire: hosts allow letters, digits, `_` and `-` only. */
  const wireName = (name: string): string => (prefixed ? `${server}__${name.replace(/[^A-Za-z0-9_-]/g, '_')}` : name)

  /** What every definition must be. Answers the identifying member, or undefined having warned. */
  function identify(kind: EntryKind, item: JsonObject, member: 'name' | 'uri' | 'uriTemplate', maxLength: number): string | undefined {
    if (full) {
      unread++
      return undefined
    }
    const id = item[member]
    let problem: string | undefined
    let bytes = 0
    if (typeof id !== 'string' || id === '') problem = `it has no ${member}`
    else if (id.length > maxLength) problem = `its ${member} is longer than ${maxLength} characters`
    else if (/[\u0000-\u001f\u007f-\u009f]/.test(id)) problem = `its ${member} has control characters`
    else if (!isWithinDepth(item, MAX_DEFINITION_DEPTH)) problem = `its definition is nested deeper than ${MAX_DEFINITION_DEPTH} levels`
    else if ((bytes = Buffer.byteLength(JSON.stringify(item))) > MAX_DEFINITION_BYTES)
      problem = `its definition is longer than ${MAX_DEFINITION_BYTES} bytes`
    else if (bytes <= left) {
      left -= bytes
      return id
    } else {
      full = true
      unread++
      return undefined
    }
    warn(describe(kind, typeof id === 'string' ? id : '?'), problem)
    return undefined
  }

  for (const tool of lists.tools) {
    yield
    const name = identify('tool', tool, 'name', MAX_NAME)
    if (name === undefined) continue
    const referring = isObject(tool.inputSchema) ? referringTo(name, tool.inputSchema, referenceRules) : undefined
    const inputSchema = referring?.inputSchema
    const understood = understandTool({ ...tool, inputSchema }, checks)
    if ('problem' in understood) {
      warn(describe('tool', name), understood.problem)
      continue
    }
    warnings.push(...(referring?.warnings ?? []))
    const accepted = lock.find(server, name)
    const { permission, ask, rule, changed } = classify(server, name, accepted ? hintedHash(tool) : '', rules, accepted)
    if (changed)
      warnings.push(
        `${server}: the tool ${quote(name)} has changed since its hint was accepted: it needs tools:execute until sallyport.lock or sallyport.yaml says otherwise`,
      )
    // Tasks of 2025-11-25 are not passed on, so that what a tool says of its support for them must not be either.
    const { execution: _, ...definition } = tool
    const release = ruleFor(releaseRules, name)
    const shown = { ...definition, name: wireName(name), inputSchema }
    add({
      kind: 'tool',
      name: wireName(name),
      definition: release ? release.shown(shown) : shown,
      permission,
      ask,
      rule,
      check: understood.check,
      mirrors: understood.mirrors,
      references: referring?.references,
      release: release?.rules,
      keepsArguments: ruleFor(auditRules, name)?.keepsArguments,
      origin: { server, name },
      executor,
    })
  }

  // A slip in a name would leave a tool more open than it was meant to be.
  for (const { glob, where } of lists.tools.length > 0 ? [...rules, ...referenceRules, ...releaseRules, ...auditRules] : []) {
    if (!lists.tools.some(({ name }) => typeof name === 'string' && matchesGlob(glob, name)))
      warnings.push(`${where}: ${server} has no tool that is called ${quote(glob)}`)
  }

  for (const prompt of lists.prompts) {
    yield
    const name = identify('prompt', prompt, 'name', MAX_NAME)
    if (name === undefined) continue
    const check = promptCheck(prompt.arguments)
    if (!check) {
      warn(describe('prompt', name), 'its arguments are not a list of names')
      continue
    }
    const definition = { ...prompt, name: wireName(name) }
    add({
      kind: 'prompt',
      name: wireName(name),
      definition,
      permission: promptPermission,
      ask: false,
      rule: 'default prompts:read',
      check,
      mirrors: [],
      origin: { server, name },
      executor,
    })
  }

  const resource = {
    permission: resourcePermission,
    ask: false,
    rule: 'default resources:read',
    check: undefined,
    mirrors: [],
    executor,
  } as const
  for (const item of lists.resources) {
    yield
    const uri = identify('resource', item, 'uri', MAX_URI_LENGTH)
    if (uri !== undefined) add({ ...resource, kind: 'resource', name: uri, definition: item, origin: { server, name: uri } })
  }
  let templates = 0
  for (const item of lists.templates) {
    yield
    const template = identify('template', item, 'uriTemplate', MAX_URI_LENGTH)
    if (template === undefined) continue
    const matches = matchTemplate(template)
    const problem = !matches
      ? 'its URI template cannot be understood (RFC 6570), or is too long'
      : !/^[a-z][a-z0-9+.-]*:/i.test(template)
        ? 'its URI template does not begin with a scheme: it would match everybody’s resources'
        : ++templates > MAX_TEMPLATES
          ? `there are more than ${MAX_TEMPLATES}`
          : undefined
    if (problem === undefined)
      add({ ...resource, kind: 'template', name: template, definition: item, matches, origin: { server, name: template } })
    else warn(describe('template', template), problem)
  }
  checks.sweep()
  const budget = `${server}: left out ${unread} definitions: all that it offers is longer than ${MAX_DEFINITIONS_BYTES} bytes`
  return {
    entries: [...entries.values()],
    warnings: [...(full ? [budget] : []), ...atMost(warnings)],
    fingerprint: fingerprint.digest('hex'),
  }
}

/** A log that an upstream can fill is read by nobody. */
export const atMost = (warnings: readonly string[]): readonly string[] =>
  warnings.length > MAX_WARNINGS
    ? [...warnings.slice(0, MAX_WARNINGS), `${warnings[MAX_WARNINGS]} (and ${warnings.length - MAX_WARNINGS - 1} more)`]
    : warnings

// Clients reject a whole list for one tool whose schemas are not of the required shape, so that one is left out.
function understandTool({ inputSchema, outputSchema, annotations }: JsonObject, checks: Checks): UnderstoodSchema {
  if (!isObject(inputSchema) || inputSchema.type !== 'object') return { problem: 'its input schema is not of type object' }
  if (outputSchema !== undefined && !isObject(outputSchema)) return { problem: 'its output schema is not an object' }
  if (annotations !== undefined && !isObject(annotations)) return { problem: 'its annotations are not an object' }
  const understood = checks.understand(inputSchema)
  return 'problem' in understood ? { problem: `it has ${understood.problem}` } : understood
}

const describe = (kind: EntryKind, name: string): string => `the ${kind} ${quote(name)}`
const quote = (name: string): string => JSON.stringify(name.slice(0, 80))
