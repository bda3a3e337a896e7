// What the clients of these tests reach, in both shapes that Sallyport has: a server that nobody here wrote behind `sallyport guard`, and a
// server in code. Either has a tool that `tools:read` opens and one that needs `tools:execute`.

import { access } from 'node:fs/promises'
import type { TestServer } from '../support/server.ts'
import { guardFiles } from './files.ts'
import { startNotes } from './notes.ts'

export interface ToolCall extends Record<string, unknown> {
  readonly name: string
  readonly arguments: Record<string, string>
}

export interface Target extends AsyncDisposable, Pick<TestServer, 'url' | 'issuer' | 'key' | 'user'> {
  readonly read: ToolCall
  readonly write: ToolCall
  wasWritten(): Promise<boolean>
  /** What `read` answers, and the resource where there is one. */
  readonly text: string
  /** server-filesystem has neither prompts nor resources. */
  readonly prompt?: { readonly name: string; readonly arguments: Record<string, string>; readonly says: string }
  readonly uri?: string
}

async function guarded(): Promise<Target> {
  const { guard, note, text, other, ...rest } = await guardFiles()
  const { url, issuer, key, user } = guard
  return {
    url,
    issuer,
    key,
    user,
    text,
    read: { name: 'read_text_file', arguments: { path: note } },
    write: { name: 'write_file', arguments: { path: other, content: 'x' } },
    wasWritten: () =>
      access(other).then(
        () => true,
        () => false,
      ),
    [Symbol.asyncDispose]: rest[Symbol.asyncDispose],
  }
}

export const targets: Readonly<Record<string, () => Promise<Target>>> = { 'a guarded server': guarded, 'a server in code': startNotes }
