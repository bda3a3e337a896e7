/** `sallyport user sessions | end-sessions`: at which browsers somebody is signed in. @module */

import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { accountOf, peopleOf } from '../people.ts'
import { recordOperator } from '../record.ts'
import { shown, shownShort } from '../shown.ts'
import { minuteOf } from '../values.ts'

export async function listSessions(named: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const { name, sessions } = await withExistingData(dataDir, async (data) => {
    const people = peopleOf(data)
    const account = await accountOf(people, named)
    return { name: account.name, sessions: await people.sessions.list(account.name) }
  })
  output.object({ name, sessions })
  if (sessions.length === 0) output.note(`${name} is signed in at no browser.`)
  const rows = sessions.map(({ id, since, methods, lastSeenAt, address, agent }) => [
    id,
    `since ${minuteOf(since)}`,
    `by ${methods.join(' and ')}`,
    `seen ${minuteOf(lastSeenAt)}`,
    `from ${shown(address)}`,
    shownShort(agent),
  ])
  for (const row of table(rows)) output.line(row)
}

export async function endSessions(named: string, ids: readonly string[], { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const { name, ended } = await withExistingData(dataDir, async (data) => {
    const people = peopleOf(data)
    const account = await accountOf(people, named)
    const open = (await people.sessions.list(account.name)).map(({ id }) => id)
    // All of them or none: a slip in the last must not leave the first ones ended unseen.
    const unknown = ids.find((id) => !open.includes(id))
    if (unknown !== undefined)
      throw new CliError(
        'E-NOT-FOUND',
        `${account.name} has no session ${shownShort(unknown)}`,
        `see \`sallyport user sessions ${account.name}\``,
      )
    const chosen = ids.length > 0 ? ids : open
    for (const id of chosen) await people.sessions.end(account.name, id)
    await recordOperator(data.store, 'user.end-sessions', account.name, startedAt, { sessions: chosen.length })
    return { name: account.name, ended: chosen }
  })
  output.object({ name, ended })
  output.line(`${output.paint('green', '✓')} ended ${ended.length === 1 ? 'one session' : `${ended.length} sessions`} of ${name}`)
  if (!json) output.note('Programs that they allowed go on: see `sallyport grant list --account …` and `grant revoke`.')
}
