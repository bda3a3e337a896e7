/**
 * What a resource, a template and a folder have in common in their definitions: names, icons, annotations, who may read them,
 * and how long what is read stays fresh. Checked when the server is built and copied, so that nobody can change it afterwards.
 *
 * Fails closed: an unknown key, or a value that a client could stumble over, is a problem.
 *
 * @module
 */

import { allow, type Decision, type Entry, type JsonObject } from '../../core/index.ts'
import { isMimeType, isObject } from '../../protocol/index.ts'
import { checkReads, type Nameable, type Permissions, type Permitted, toPermission } from '../definitions/permissions.ts'
import { checkNumber, checkText, readDisplay } from '../definitions/shape.ts'
import type { Icon } from '../definitions/tool.ts'
import type { EntryOptions } from '../definitions/tool-entry.ts'
import type { Annotations } from '../definitions/tool-result.ts'
import { checkKeys, type Report } from '../definitions/unknown-keys.ts'
import { notFound } from './contents.ts'
import { type Freshness, type FreshnessOptions, freshnessKeys, readFreshness } from './freshness.ts'
import type { Variables } from './template-variables.ts'

export interface Described extends FreshnessOptions {
  readonly name: string
  readonly title?: string | undefined
  readonly description?: string | undefined
  /** Of every content that does not say its own. */
  readonly mimeType?: string | undefined
  readonly icons?: readonly Icon[] | undefined
  readonly annotations?: Annotations | undefined
  readonly _meta?: JsonObject | undefined
  /** Who may read it; without: whoever has the scope `resources:read`. `when` is a rule on the variables and the `uri`. */
  readonly permissions?: Permissions | undefined
}

export interface ResourceEntryOptions extends EntryOptions {
  /** No result may be larger: nothing larger is read or encoded. */
  readonly resultBytes: number
}

export interface ReadDescription {
  /** What a list shows, but for the URI. */
  readonly display: JsonObject
  readonly mimeType: string | undefined
  readonly permitted: Permitted
  readonly freshness: Freshness
}

const describedKeys = ['name', 'title', 'description', 'mimeType', 'icons', 'annotations', '_meta', 'permissions', ...freshnessKeys]
const MAX_NAME = 256
/** It is in every list, icons and all. */
const MAX_DEFINITION_CHARACTERS = 65_536

/** `variables`: what a rule may name, beside the `uri`; undefined: anything. Every problem is reported; what is answered counts only where there was none. */
export function readDescription(
  given: JsonObject,
  kind: 'resource' | 'template',
  ownKeys: readonly string[],
  variables: Nameable | undefined,
  report: Report,
): ReadDescription | undefined {
  checkKeys(given, [...describedKeys, ...ownKeys], '', report)
  const { name, mimeType, annotations, ...rest } = given
  if (typeof name !== 'string' || name === '') report('name: must be a text')
  else checkText('name', name, MAX_NAME, report)
  if (mimeType !== undefined && !isMimeType(mimeType)) report('mimeType: must be a media type: "text/markdown"')
  if (annotations !== undefined) checkAnnotations(annotations, report)
  const shown = { name, ...readDisplay(rest, report), mimeType, annotations }
  const permitted = toPermission(given['permissions'], kind, report)
  if (permitted && variables) checkReads(permitted, new Map([['uri', ['string']], ...variables]), report)
  const freshness = readFreshness(given, permitted, report)
  const display = copyOf(shown)
  if (!display) report(`must be written in at most ${MAX_DEFINITION_CHARACTERS} characters of JSON, icons and all`)
  return display && permitted && { display, mimeType: mimeType as string | undefined, permitted, freshness }
}

/** What a rule judges of a URI and what `read` gets: its variables as they are for both, however they were written. */
export interface Named {
  readonly uri: string
  readonly variables: unknown
}

/** What every entry of these has. `read`: the variables in a URI, where it has any; undefined: it is not one of its URIs. */
export function entryBase(
  { permission, condition, rule }: Permitted,
  read?: (uri: string) => Variables | Promise<Variables>,
): Pick<Entry, 'permission' | 'condition' | 'ask' | 'rule' | 'check' | 'normalize' | 'mirrors'> {
  const common = { permission, ask: false, rule, check: undefined, mirrors: [] }
  if (!read) return { ...common, condition }
  return {
    ...common,
    normalize({ uri }) {
      if (typeof uri !== 'string') return notFound
      const made = read(uri)
      return made instanceof Promise ? made.then((settled) => toNamed(uri, settled)) : toNamed(uri, made)
    },
    condition: condition && {
      ...condition,
      check: (named, principal) => condition.check(ruledBy(named as unknown as Named), principal),
    },
  }
}

const toNamed = (uri: string, read: Variables): Decision<Named> => (read ? allow({ uri, variables: read.value }) : notFound)
const ruledBy = ({ uri, variables }: Named): JsonObject => ({ uri, ...(isObject(variables) ? variables : {}) })

/** 2026-07-28 resources §annotations. */
function checkAnnotations(annotations: unknown, report: Report): void {
  if (!isObject(annotations)) return report('annotations: must be an object')
  checkKeys(annotations, ['audience', 'priority', 'lastModified'], 'annotations', report)
  const { audience, priority, lastModified } = annotations
  const isAudience = Array.isArray(audience) && audience.length <= 2 && audience.every((each) => each === 'user' || each === 'assistant')
  if (audience !== undefined && !isAudience) report('annotations.audience: must be a list of "user" and "assistant"')
  checkNumber('annotations.priority', priority, 0, 1, report)
  if (lastModified !== undefined && !isTimestamp(lastModified)) report('annotations.lastModified: must be a time (ISO 8601)')
}

const isTimestamp = (value: unknown): boolean =>
  typeof value === 'string' && /^\d{4}-\d\d-\d\d(?:T[\d:.]{5,18}(?:Z|[+-]\d\d:\d\d))?$/.test(value) && !Number.isNaN(Date.parse(value))

/** Without what is undefined. */
function copyOf(shown: JsonObject): JsonObject | undefined {
  try {
    const text = JSON.stringify(shown)
    return text.length <= MAX_DEFINITION_CHARACTERS ? JSON.parse(text) : undefined
  } catch {
    // A circle, or a BigInt.
    return undefined
  }
}
