/** The stores that this machine keeps sign-ins in, for the commands about them. What goes wrong there is an error that names the fix. @module */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createFileTokenStore, createKeychainTokenStore, type FileTokenStore, TokenStoreError } from '../client/index.ts'
import { ConfigError } from '../core/index.ts'
import { resolveDataDir } from '../vault/index.ts'
import { CliError } from './errors.ts'
import type { Output } from './output.ts'
import { shown } from './shown.ts'

export type Kept = 'file' | 'keychain'
/** As the client calls them. */
export const folders: Readonly<Record<Kept, string>> = { file: 'client', keychain: 'client-keychain' }
export const isThere = (kept: Kept, dataDir: string | undefined): boolean => existsSync(join(resolveDataDir(dataDir), folders[kept]))

export function openKept(kept: Kept, dataDir: string | undefined, output: Output): FileTokenStore {
  const log = (_level: string, message: string): void => output.note(`! ${shown(message)}`)
  return kept === 'file' ? createFileTokenStore({ dataDir, log }) : createKeychainTokenStore({ dataDir, log })
}

/** Each that is there, one after the other. A keychain that is locked does not hide what is in files. */
export async function withEachKept(
  dataDir: string | undefined,
  output: Output,
  work: (store: FileTokenStore, kept: Kept) => Promise<void>,
): Promise<void> {
  for (const kept of ['file', 'keychain'] as const) {
    if (!isThere(kept, dataDir)) continue
    try {
      await work(openKept(kept, dataDir, output), kept)
    } catch (error) {
      if (kept === 'file' || !(error instanceof ConfigError)) throw toDataError(error)
      output.note(`! ${error.problems.map(shown).join(' ')}`)
    }
  }
}

export function toDataError(error: unknown): unknown {
  if (!(error instanceof TokenStoreError)) return error
  return new CliError('E-DATA', shown(error.message), 'do what it says, and run the command again', { reason: error.code })
}
