/**
 * `sallyport logins prune [--unused 30d]`: removes what this machine keeps as a client and nobody uses, and says what that was. It asks
 * nothing: whatever goes can be signed in to again. It revokes nothing: `sallyport logout URL` does.
 *
 * @module
 */

import type { Removed } from '../../client/index.ts'
import type { WithData } from '../common.ts'
import { parseSeconds } from '../durations.ts'
import { CliError } from '../errors.ts'
import { type Kept, withEachKept } from '../kept-stores.ts'
import { createOutput, table } from '../output.ts'
import { shown, shownShort } from '../shown.ts'
import { dateOf } from '../values.ts'

export interface PruneLoginsOptions extends WithData {
  readonly unused?: string
}

const words: Readonly<Record<Removed['what'], string>> = {
  signIns: 'sign-in',
  registrations: 'registration',
  definitionPins: 'accepted definitions',
  encryptionPins: 'encryption',
  unreadable: 'unreadable',
}
/** The time of the last use is known to a day. */
const LEAST_SECONDS = 2 * 86_400

export async function pruneLogins({ json = false, dataDir, unused }: PruneLoginsOptions): Promise<void> {
  const output = createOutput(json)
  const unusedSeconds = unused === undefined ? undefined : parseSeconds('--unused', unused)
  if (unusedSeconds !== undefined && unusedSeconds < LEAST_SECONDS)
    throw new CliError('E-USAGE', '--unused must be two days at least', 'the last use is known to a day: write --unused 2d, or longer')
  const removed: (Removed & { readonly kept: Kept })[] = []
  let busy = 0
  await withEachKept(dataDir, output, async (store, kept) => {
    const done = await store.prune({ unusedSeconds })
    removed.push(...done.removed.map((each) => ({ ...each, kept })))
    busy += done.busy
  })
  output.object({ removed, busy })
  const rows = removed.map(({ what, server, account, issuer, lastUsedAt }) => [
    words[what],
    placeOf(server, issuer),
    account === undefined ? '' : shownShort(account),
    `last used ${dateOf(lastUsedAt)}`,
  ])
  for (const row of table(rows)) output.line(row)
  const what = `${removed.length} ${removed.length === 1 ? 'record' : 'records'}`
  output.line(removed.length === 0 ? 'Nothing is unused for so long.' : `${output.paint('green', '✓')} ${what} removed`)
  if (removed.some(({ what }) => what === 'signIns'))
    output.note('! Nothing was revoked: what was good for something ends by itself. `sallyport logout URL` revokes.')
  if (busy > 0) output.note(`! ${busy} stay: another program has them at this moment. Run the command again.`)
}

/** Of a server that is started there is only a hash. */
function placeOf(server: string | undefined, issuer: string | undefined): string {
  if (server === undefined) return issuer === undefined ? '' : `at ${shown(issuer)}`
  return URL.canParse(server) ? shown(server) : 'a command'
}
