/**
 * What a file is, by its name, and whether it can be shown as text. A name is a claim and no proof: what claims to be text and is
 * no UTF-8 is sent as bytes.
 *
 * @module
 */

import { isTextual } from '../../protocol/index.ts'

export type FileContent = { readonly mimeType: string; readonly text: string } | { readonly mimeType: string; readonly blob: Uint8Array }

export function toFileContent(bytes: Uint8Array, mimeType: string | undefined): FileContent {
  const text = mimeType === undefined || isTextual(mimeType) ? toText(bytes) : undefined
  return text === undefined
    ? { mimeType: mimeType ?? 'application/octet-stream', blob: bytes }
    : { mimeType: mimeType ?? 'text/plain', text }
}

function toText(bytes: Uint8Array): string | undefined {
  // Text has no NUL; in UTF-16 every other byte is one.
  if (bytes.includes(0)) return undefined
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch {
    return undefined
  }
}
