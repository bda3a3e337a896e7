// What the clients of these tests reach: server-filesystem over a folder with one note, guarded, its read-only hints accepted.

import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { createTempDir, type Guard, ROOT, startGuard } from '../support/index.ts'
import { grantedFlags } from '../support/sandbox.ts'

const SERVER = join(ROOT, 'node_modules', '@modelcontextprotocol', 'server-filesystem', 'dist', 'index.js')

export interface Files extends AsyncDisposable {
  readonly guard: Guard
  /** A file with `text` in it. */
  readonly note: string
  readonly text: string
  /** A file that is not there yet. */
  readonly other: string
}

export async function guardFiles(): Promise<Files> {
  const folder = await createTempDir('files')
  const note = join(folder.path, 'note.txt')
  const text = 'The bridge is out until Thursday.'
  await writeFile(note, text)
  const guard = await startGuard({
    args: ['--classify', 'annotations', ...grantedFlags({ write: [folder.path] }), '--', process.execPath, SERVER, folder.path],
  })
  return {
    guard,
    note,
    text,
    other: join(folder.path, 'other.txt'),
    async [Symbol.asyncDispose]() {
      await guard.stop()
      await folder.remove()
    },
  }
}
