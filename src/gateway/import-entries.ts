/**
 * Turns what an upstream says that it has into entries of our catalogue. What cannot be offered safely or cannot be
 * understood is left out with a warning, and never anything but that: one bad definition costs nobody else.
 *
 * Pure: lists in, entries and warnings out.
 *
 * @module
 */

import { compileCheck, mirrorsOf, promptCheck } from '../catalogue/index.ts'
import type { Entry, EntryKind, Executor, JsonObject, Mirror } from '../core/index.ts'
import { isObject, isWithinDepth, matchTemplate } from '../protocol/index.ts'
import { classify, matchesGlob, promptPermission, resourcePermission, type ToolRule } from './classify.ts'
import { definitionHash, type LockFile } from './lock-file.ts'
import type { Lists } from './read-lists.ts'

export interface ImportOptions {
  /** Our own id for the upstream. */
  readonly server: string
  /** Whether it is one of several, so that its names need ours in front. */
  readonly prefixed: boolean
  readonly rules: readonly ToolRule[]
  readonly lock: Pick<LockFile, 'find'>
  readonly executor: Executor
}

export interface Imported {
  readonly entries: readonly Entry[]
  /** One sentence each, for the log. */
  readonly warnings: readonly string[]
}

const MAX_NAME = 256
const MAX_URI = 4096
const MAX_DEFINITION_CHARS = 512 * 1024
const MAX_DEFINITION_DEPTH = 80

export function importEntries(lists: Lists, { server, prefixed, rules, lock, executor }: ImportOptions): Imported {
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
  }
  /** The name on our wire: hosts allow letters, digits, `_` and `-` only. */
  const wireName = (name: string): string => (prefixed ? `${server}__${name.replace(/[^A-Za-z0-9_-]/g, '_')}` : name)

  /** What every definition must be. Answers the identifying member, or undefined having warned. */
  function identify(kind: EntryKind, item: JsonObject, member: 'name' | 'uri' | 'uriTemplate', maxLength: number): string | undefined {
    const id = item[member]
    const problem =
      typeof id !== 'string' || id === ''
        ? `it has no ${member}`
        : id.length > maxLength
          ? `its ${member} is longer than ${maxLength} characters`
          : /[\u0000-\u001f\u007f-\u009f]/.test(id)
            ? `its ${member} has control characters`
            : !isWithinDepth(item, MAX_DEFINITION_DEPTH)
              ? `its definition is nested deeper than ${MAX_DEFINITION_DEPTH} levels`
              : JSON.stringify(item).length > MAX_DEFINITION_CHARS
                ? `its definition is longer than ${MAX_DEFINITION_CHARS} characters`
                : undefined
    if (problem === undefined) return id as string
    warn(describe(kind, typeof id === 'string' ? id : '?'), problem)
    return undefined
  }

  for (const tool of lists.tools) {
    const name = identify('tool', tool, 'name', MAX_NAME)
    if (name === undefined) continue
    const { inputSchema } = tool
    const understood = understandTool(tool)
    if ('problem' in understood) {
      warn(describe('tool', name), understood.problem)
      continue
    }
    const accepted = lock.find(server, name)
    const { permission, ask, rule, changed } = classify(server, name, accepted ? definitionHash(tool) : '', rules, accepted)
    if (changed)
      warnings.push(
        `${server}: the tool ${quote(name)} has changed since its hint was accepted: it needs tools:execute until sallyport.lock or sallyport.yaml says otherwise`,
      )
    // Tasks are not passed on, so that what a tool says of its support for them (2025-11-25) must not be either.
    const { execution: _, ...definition } = tool
    add({
      kind: 'tool',
      name: wireName(name),
      definition: { ...definition, name: wireName(name), inputSchema },
      permission,
      ask,
      rule,
      check: understood.check,
      mirrors: understood.mirrors,
      origin: { server, name },
      executor,
    })
  }

  // A slip in a name would leave a tool more open than it was meant to be.
  for (const { glob, where } of lists.tools.length > 0 ? rules : []) {
    if (!lists.tools.some(({ name }) => typeof name === 'string' && matchesGlob(glob, name)))
      warnings.push(`${where}: ${server} has no tool that is called ${quote(glob)}`)
  }

  for (const prompt of lists.prompts) {
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
    const uri = identify('resource', item, 'uri', MAX_URI)
    if (uri !== undefined) add({ ...resource, kind: 'resource', name: uri, definition: item, origin: { server, name: uri } })
  }
  for (const item of lists.templates) {
    const template = identify('template', item, 'uriTemplate', MAX_URI)
    if (template === undefined) continue
    const matches = matchTemplate(template)
    if (matches) add({ ...resource, kind: 'template', name: template, definition: item, matches, origin: { server, name: template } })
    else warn(describe('template', template), 'its URI template cannot be understood (RFC 6570)')
  }
  return { entries: [...entries.values()], warnings }
}

type Understood = { readonly check: NonNullable<Entry['check']>; readonly mirrors: readonly Mirror[] } | { readonly problem: string }

// Clients reject a whole list for one tool whose schemas are not of the required shape, so that one is left out.
function understandTool({ inputSchema, outputSchema, annotations }: JsonObject): Understood {
  if (!isObject(inputSchema) || inputSchema.type !== 'object') return { problem: 'its input schema is not of type object' }
  if (outputSchema !== undefined && !isObject(outputSchema)) return { problem: 'its output schema is not an object' }
  if (annotations !== undefined && !isObject(annotations)) return { problem: 'its annotations are not an object' }
  const mirrored = mirrorsOf(inputSchema)
  if ('problem' in mirrored) return { problem: `it has ${mirrored.problem}` }
  const compiled = compileCheck(inputSchema)
  if ('problem' in compiled) return { problem: `it has ${compiled.problem}` }
  return { check: compiled.check, mirrors: mirrored.mirrors }
}

const describe = (kind: EntryKind, name: string): string => `the ${kind} ${quote(name)}`
const quote = (name: string): string => JSON.stringify(name.slice(0, 80))
