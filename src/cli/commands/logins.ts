/**
 * `sallyport logins [rotate-key]`: which servers this machine is signed in to, until when that is kept, never with a token; and a new key
 * for what is kept of them. Reads no configuration: sign-ins are a person's, not a server's.
 *
 * @module
 */

import { join } from 'node:path'
import { type Login, listLogins } from '../../client/index.ts'
import { ConfigError } from '../../core/index.ts'
import { resolveDataDir } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { CliError } from '../errors.ts'
import { folders, isThere, type Kept, openKept, toDataError, withEachKept } from '../kept-stores.ts'
import { createOutput, table } from '../output.ts'
import { shown, shownShort } from '../shown.ts'
import { dateOf, minuteOf } from '../values.ts'

export interface RotateKeyOptions extends WithData {
  readonly keychain?: boolean
  readonly reseal?: boolean
}

export async function showLogins({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const logins: (Login & { readonly kept: Kept })[] = []
  await withEachKept(dataDir, output, async (store, kept) => {
    for (const login of await listLogins(store)) logins.push({ ...login, kept })
  })
  output.object({ logins })
  if (logins.length === 0) output.note('Nobody is signed in anywhere. Sign in with `sallyport login URL`.')
  const rows = logins.map(({ server, account, issuer, expiresAt, renews, obtained, keptUntil, kept }) => [
    shown(server),
    shownShort(account),
    issuer === undefined ? '' : `by ${shown(issuer)}`,
    obtained === undefined ? '' : shownShort(obtained),
    endOf(expiresAt, renews),
    keptUntil === undefined ? '' : `kept until ${dateOf(keptUntil)}`,
    kept === 'keychain' ? 'key in the keychain' : '',
  ])
  for (const row of table(rows)) output.line(row)
}

function endOf(expiresAt: number | undefined, renews: boolean): string {
  if (renews) return 'renewed when needed'
  if (expiresAt === undefined) return 'no known end'
  return expiresAt > Date.now() ? `until ${minuteOf(expiresAt)}` : `ended ${minuteOf(expiresAt)}`
}

export async function rotateKey({ json = false, dataDir, keychain = false, reseal = false }: RotateKeyOptions): Promise<void> {
  const output = createOutput(json)
  const kept = keychain ? 'keychain' : 'file'
  if (!isThere(kept, dataDir))
    throw new CliError(
      'E-NOT-FOUND',
      `nothing is kept in ${shown(join(resolveDataDir(dataDir), folders[kept]))}`,
      'see `sallyport logins`, and check --data-dir and --keychain',
    )
  const done = await openKept(kept, dataDir, output).rotateKey({ newKey: !reseal }).catch(refuse)
  output.object({ kept, ...done })
  const what = `${done.resealed} ${done.resealed === 1 ? 'record is' : 'records are'}`
  output.line(
    `${output.paint('green', '✓')} ${what} sealed with ${reseal ? 'the newest key' : 'a new key'}: whoever runs follows by itself`,
  )
  if (done.unreadable > 0)
    output.note(`! ${done.unreadable} cannot be opened with any key that is there, and stay as they are: sign in to those servers again`)
  if (!keychain && !reseal)
    output.note('Older keys stay in master.key, for what a guard keeps in the same folder. They no longer open these.')
}

function refuse(error: unknown): never {
  if (!(error instanceof ConfigError) || !error.message.startsWith('SALLYPORT_MASTER_KEY')) throw toDataError(error)
  throw new CliError('E-CONFIG', error.problems.map(shown).join('\n  '), 'then run: sallyport logins rotate-key --reseal')
}
