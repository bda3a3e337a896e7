/**
 * The entries of several upstreams as one list. Configuration order decides: neither a name nor a URI that an earlier
 * upstream answers can be taken by a later one.
 *
 * @module
 */

import { createHash } from 'node:crypto'
import type { Entry, Steps } from '../../core/index.ts'
import type { Imported } from './import-entries.ts'
import { atMost } from './warnings.ts'

export interface Merged {
  readonly entries: readonly Entry[]
  readonly warnings: readonly string[]
  /** Differs when anything that a caller may notice does. */
  readonly fingerprint: string
}

/** `imported`: one for each upstream, in the order of the configuration. */
export function* mergeEntries(imported: readonly Imported[]): Steps<Merged> {
  const all = new Map<string, Entry>()
  const warnings: string[] = []
  const templates: Entry[] = []
  const fingerprint = createHash('sha256')
  for (const { entries, fingerprint: own } of imported) {
    fingerprint.update(own)
    const ownTemplates: Entry[] = []
    for (const entry of entries) {
      const key = `${entry.kind} ${entry.name}`
      const other =
        all.get(key) ?? (entry.kind === 'resource' ? templates.find((template) => template.matches?.(entry.origin.name)) : undefined)
      if (other)
        warnings.push(
          `${entry.origin.server}: left out the ${entry.kind} ${JSON.stringify(entry.name.slice(0, 200))}: ${other.origin.server} before it has ${other.kind === entry.kind ? 'one of that name' : 'a template that covers it'}`,
        )
      else {
        all.set(key, entry)
        if (entry.kind === 'template') ownTemplates.push(entry)
      }
      yield
    }
    templates.push(...ownTemplates)
  }
  return { entries: Object.freeze([...all.values()]), warnings: atMost(warnings), fingerprint: fingerprint.digest('hex') }
}
