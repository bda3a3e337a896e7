/**
 * What came back from a server, for a person: text as text, made harmless for the terminal; structured content as JSON; images, sound
 * and files described, or saved under names of ours into a folder that is named. Nothing is opened, and nothing is fetched.
 *
 * @module
 */

import { mkdirSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { CliError } from '../errors.ts'
import { shownShort } from '../shown.ts'
import { shownText } from './shown-text.ts'

/** As much of the content of a result as is looked at, whatever it says it is. */
export interface Block {
  readonly type?: unknown
  readonly text?: unknown
  readonly data?: unknown
  readonly mimeType?: unknown
  readonly uri?: unknown
  readonly name?: unknown
  readonly resource?: { readonly uri?: unknown; readonly text?: unknown; readonly blob?: unknown; readonly mimeType?: unknown } | undefined
}

export interface Saving {
  /** Writes what is in a block into the folder; where, relative to nothing. */
  save(bytes: Uint8Array, mimeType: unknown): string
  readonly files: readonly string[]
}

const endings: ReadonlyMap<unknown, string> = new Map([
  ['image/png', 'png'],
  ['image/jpeg', 'jpg'],
  ['image/gif', 'gif'],
  ['image/webp', 'webp'],
  ['image/svg+xml', 'svg'],
  ['audio/wav', 'wav'],
  ['audio/mpeg', 'mp3'],
  ['audio/ogg', 'ogg'],
  ['application/pdf', 'pdf'],
  ['application/json', 'json'],
  ['text/plain', 'txt'],
])

/** `name`: what the files begin with. No file that is there is written over. @throws {CliError} E-DATA, E-EXISTS. */
export function createSaving(folder: string, name: string): Saving {
  const files: string[] = []
  const stem = name.replace(/[^A-Za-z0-9_-]+/g, '-').slice(0, 64) || 'result'
  return {
    files,
    save(bytes, mimeType) {
      const file = join(folder, `${stem}-${files.length + 1}.${endings.get(mimeType) ?? 'bin'}`)
      mkdirSync(folder, { recursive: true })
      writeNew(file, bytes)
      files.push(file)
      return file
    },
  }
}

/** @throws {CliError} E-EXISTS where there is something already: what a server sends replaces nothing. */
export function writeNew(file: string, bytes: Uint8Array | string): void {
  try {
    writeFileSync(file, bytes, { flag: 'wx' })
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new CliError('E-EXISTS', `${shownShort(file)} is there already`, 'choose another place with --out, or remove it')
  }
}

/** Every block as text that may go to a terminal. `saving`: where what is no text goes; without it, it is described. */
export const shownBlocks = (blocks: readonly Block[], saving?: Saving): string[] => blocks.map((block) => shownBlock(block, saving))

function shownBlock(block: Block, saving: Saving | undefined): string {
  const { type, text, data, mimeType, uri, name, resource } = block
  if (type === 'text' && typeof text === 'string') return shownText(text)
  if ((type === 'image' || type === 'audio') && typeof data === 'string') return described(type, mimeType, data, saving)
  if (type === 'resource_link') return `[link to ${label(uri)}${typeof name === 'string' ? ` (${shownShort(name)})` : ''}]`
  if (type === 'resource' && resource !== undefined) {
    const { text: inside, blob } = resource
    if (typeof inside === 'string') return `[${label(resource.uri)}]\n${shownText(inside)}`
    if (typeof blob === 'string') return described(label(resource.uri), resource.mimeType, blob, saving)
  }
  return `[${label(type)}: of a kind that is not shown; --json has it]`
}

function described(what: string, mimeType: unknown, base64: string, saving: Saving | undefined): string {
  const bytes = Buffer.from(base64, 'base64')
  const about = `${what}, ${label(mimeType)}, ${bytes.length} bytes`
  return saving === undefined ? `[${about}; --out FOLDER saves it]` : `[${about}: ${shownShort(saving.save(bytes, mimeType))}]`
}

const label = (value: unknown): string => (typeof value === 'string' && value !== '' ? shownShort(value) : 'unnamed')
