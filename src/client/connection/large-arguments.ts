/**
 * Says, once for each tool, that an argument is so large that a reference should carry it: what is in a message is in every log, every
 * trace and every model's context on its way. The call is made all the same.
 *
 * @module
 */

import type { Log } from '../../core/index.ts'
import { shownName } from './known-tools.ts'
import type { CallParams } from './lists.ts'

/** Tools that are remembered to have been told of. */
const MAX_TOLD = 1000

/** `bytes`: from where on; 0: never. */
export function createLargeArgumentNotice({ host, log, bytes }: { readonly host: string; readonly log: Log; readonly bytes: number }) {
  const told = new Set<string>()

  return function notice({ name, arguments: args }: CallParams): void {
    if (bytes === 0 || told.has(name) || told.size >= MAX_TOLD) return
    const found = largest(args, '')
    if (found.length <= bytes) return
    told.add(name)
    log('warn', `${host}: an argument is large: if the tool takes a reference, put the data there with putResource() and send that`, {
      tool: shownName(name),
      argument: shownName(found.path),
      characters: found.length,
    })
  }
}

interface Found {
  readonly path: string
  readonly length: number
}

const NONE: Found = { path: '', length: 0 }

function largest(value: unknown, path: string, levels = 64): Found {
  if (typeof value === 'string') return { path, length: value.length }
  if (typeof value !== 'object' || value === null || levels === 0) return NONE
  let most = NONE
  for (const [key, inner] of Object.entries(value)) {
    // Names inside of an argument may be as much of a secret as what they name.
    const found = largest(inner, path === '' ? key : path, levels - 1)
    if (found.length > most.length) most = found
  }
  return most
}
