/**
 * What every definition has: a name that hosts accept, texts that hide nothing, and no keys but its own.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import { isObject, isWithinDepth } from '../../protocol/index.ts'
import { cleanText } from '../../trust/index.ts'
import { checkKeys, type Report } from './unknown-keys.ts'

/** Where problems of one definition go, each with its name in front: `tool "notes": …`. */
export function reportFor(kind: string, name: unknown, report: Report): Report {
  const shown = JSON.stringify(cleanText(typeof name === 'string' ? name : '').text.slice(0, 128))
  return (problem) => report(`${kind} ${shown}: ${problem}`)
}

/** 2026-07-28 tools §Tool Names: what other hosts rely on is a rule here. */
const wireName = /^[\w.-]{1,128}$/
const MAX_TITLE = 256
const MAX_DESCRIPTION = 16_384
const MAX_ICONS = 16
const MAX_META_DEPTH = 16
const hints = ['readOnlyHint', 'destructiveHint', 'idempotentHint', 'openWorldHint']

export function checkName(name: unknown, report: Report): boolean {
  const isFine = typeof name === 'string' && wireName.test(name)
  if (!isFine) report('name: must be 1 to 128 letters, digits, "_", "-" or "."')
  return isFine
}

/** The members of a definition that only say what it is: `title`, `description`, `icons`, `_meta`, and a tool's `annotations`. */
export function readDisplay(given: JsonObject, report: Report): JsonObject {
  const { title, description, icons, annotations, _meta: meta } = given
  checkText('title', title, MAX_TITLE, report)
  checkText('description', description, MAX_DESCRIPTION, report)
  if (icons !== undefined) checkIcons(icons, report)
  if (annotations !== undefined) checkAnnotations(annotations, report)
  if (meta !== undefined && !(isObject(meta) && isWithinDepth(meta, MAX_META_DEPTH))) report('_meta: must be an object, and not deep')
  return copyOf({ title, description, icons, annotations, _meta: meta }, report)
}

/** What is hidden in a description is said to the model and not to the person (threat T40). */
export function checkText(at: string, value: unknown, most: number, report: Report): void {
  if (value === undefined) return
  if (typeof value !== 'string' || value.length > most) report(`${at}: must be a text of at most ${most} characters`)
  else if (cleanText(value).removed.length > 0) report(`${at}: has hidden characters`)
}

function checkIcons(icons: unknown, report: Report): void {
  if (!Array.isArray(icons) || icons.length > MAX_ICONS) return report(`icons: must be a list of at most ${MAX_ICONS}`)
  for (const [index, icon] of icons.entries()) {
    const at = `icons.${index}`
    if (!isObject(icon)) report(`${at}: must be an object`)
    else {
      checkKeys(icon, ['src', 'mimeType', 'sizes', 'theme'], at, report)
      // Whoever shows it fetches it: nothing that runs, nothing that is read in the clear (2026-07-28 basic §icons).
      if (typeof icon['src'] !== 'string' || !/^(?:https:\/\/|data:image\/)/i.test(icon['src']))
        report(`${at}.src: must be an https: or data: URL`)
    }
  }
}

function checkAnnotations(annotations: unknown, report: Report): void {
  if (!isObject(annotations)) return report('annotations: must be an object')
  checkKeys(annotations, ['title', ...hints], 'annotations', report)
  checkText('annotations.title', annotations['title'], MAX_TITLE, report)
  for (const hint of hints)
    if (annotations[hint] !== undefined && typeof annotations[hint] !== 'boolean') report(`annotations.${hint}: must be true or false`)
}

/** A number of the author's, within a range. */
export function checkNumber(
  at: string,
  value: unknown,
  least: number,
  most: number,
  report: Report,
  kind: 'any' | 'whole' = 'any',
): number | undefined {
  if (value === undefined) return undefined
  if (typeof value === 'number' && value >= least && value <= most && (kind === 'any' || Number.isSafeInteger(value))) return value
  report(`${at}: must be a ${kind === 'any' ? '' : 'whole '}number of ${least} to ${most}`)
  return undefined
}

/** Without what is undefined. What a list shows must not change with the author's object. */
function copyOf(shown: JsonObject, report: Report): JsonObject {
  try {
    return JSON.parse(JSON.stringify(shown)) as JsonObject
  } catch {
    // A circle, or a BigInt.
    report('cannot be written as JSON')
    return {}
  }
}
