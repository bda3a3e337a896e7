/**
 * Turns what an upstream says that it has into entries of our catalogue. What cannot be offered safely or cannot be
 * understood is left out with a warning, and never anything but that: one bad definition costs nobody else.
 *
 * Pure: lists in, entries and warnings out, one definition at a time.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import { atOnce, type Entry, type EntryKind, type Executor, matchesGlob, type Steps } from '../../core/index.ts'
import { matchTemplate } from '../../protocol/index.ts'
import { type Checks, createChecks, promptCheck } from '../../schema/index.ts'
import type { LockFile } from '../launch/lock-file.ts'
import { promptPermission, resourcePermission } from './classify.ts'
import { createDefinitionBounds } from './definition-bounds.ts'
import type { Lists } from './read-lists.ts'
import { type ToolRules, toToolEntry } from './tool-entry.ts'
import { atMost, describe, quote } from './warnings.ts'

export interface ImportOptions extends ToolRules {
  /** Our own id for the upstream. */
  readonly server: string
  /** Whether it is one of several, so that its names need ours in front. */
  readonly prefixed: boolean
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

/** A URI is matched against each of them. */
const MAX_TEMPLATES = 64

export const importEntries = (lists: Lists, options: ImportOptions): Imported => atOnce(importSteps(lists, options))

/** The same, to be interrupted between definitions. */
export function* importSteps(lists: Lists, options: ImportOptions): Steps<Imported> {
  const { server, prefixed, rules, executor, checks = createChecks(), references = [], release = [], audit = [] } = options
  const fingerprint = createHash('sha256')
  const warnings: string[] = []
  const entries = new Map<string, Entry>()
  const leaveOut = (kind: EntryKind, name: string, why: string): void =>
    void warnings.push(`${server}: left out ${describe(kind, name)}: ${why}`)
  const { identify, overflow } = createDefinitionBounds(leaveOut)

  function add(entry: Entry): void {
    const { kind, name, definition, permission, ask, rule, origin } = entry
    const key = `${kind} ${name}`
    const other = entries.get(key)
    if (other) return leaveOut(kind, origin.name, `it would be called ${quote(name)}, like ${quote(other.origin.name)} before it`)
    entries.set(key, entry)
    fingerprint.update(JSON.stringify([kind, name, definition, permission, ask, rule, origin]))
  }
  /** The name on our wire: hosts allow letters, digits, `_` and `-` only. */
  const wireName = (name: string): string => (prefixed ? `${server}__${name.replace(/[^A-Za-z0-9_-]/g, '_')}` : name)

  for (const tool of lists.tools) {
    yield
    const name = identify('tool', tool)
    if (name === undefined) continue
    const made = toToolEntry(tool, name, { ...options, checks, wireName: wireName(name) })
    if ('problem' in made) leaveOut('tool', name, made.problem)
    else {
      warnings.push(...made.warnings)
      add(made.entry)
    }
  }
  // A slip in a name would leave a tool more open than it was meant to be.
  for (const { glob, where } of lists.tools.length > 0 ? [...rules, ...references, ...release, ...audit] : []) {
    if (!lists.tools.some(({ name }) => typeof name === 'string' && matchesGlob(glob, name)))
      warnings.push(`${where}: ${server} has no tool that is called ${quote(glob)}`)
  }

  for (const prompt of lists.prompts) {
    yield
    const name = identify('prompt', prompt)
    if (name === undefined) continue
    const check = promptCheck(prompt.arguments)
    if (!check) {
      leaveOut('prompt', name, 'its arguments are not a list of names')
      continue
    }
    add({
      kind: 'prompt',
      name: wireName(name),
      definition: { ...prompt, name: wireName(name) },
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
    const uri = identify('resource', item)
    if (uri !== undefined) add({ ...resource, kind: 'resource', name: uri, definition: item, origin: { server, name: uri } })
  }
  let templates = 0
  for (const item of lists.templates) {
    yield
    const template = identify('template', item)
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
    else leaveOut('template', template, problem)
  }
  checks.sweep()
  const full = overflow()
  return {
    entries: [...entries.values()],
    warnings: [...(full === undefined ? [] : [`${server}: ${full}`]), ...atMost(warnings)],
    fingerprint: fingerprint.digest('hex'),
  }
}
