/** `sallyport keys list | rotate`: the keys that access tokens are signed with. A running guard follows without a restart. @module */

import { systemClock } from '../../core/index.ts'
import { createSigningKeys } from '../../oauth/index.ts'
import type { Data } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { createOutput, table } from '../output.ts'
import { recordOperator } from '../record.ts'
import { minuteOf } from '../values.ts'

export interface RotateOptions extends WithData {
  readonly compromised?: boolean
}

const keysOf = ({ store, vault }: Data) => createSigningKeys({ store, vault, clock: systemClock })

export async function listSigningKeys({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const keys = await withExistingData(dataDir, (data) => keysOf(data).list())
  output.object({ keys })
  if (keys.length === 0) output.note('There are no signing keys yet: `sallyport guard` makes the first one when somebody signs in.')
  const rows = keys.map(({ kid, state, createdAt, signsFrom, endsAt }) => [
    kid,
    output.paint(state === 'signing' ? 'green' : 'dim', state === 'retired' ? 'verifies only' : state === 'next' ? 'published' : 'signs'),
    `made ${minuteOf(createdAt)}`,
    state === 'next' ? `signs from ${minuteOf(signsFrom)}` : '',
    endsAt === undefined ? '' : `until ${minuteOf(endsAt)}`,
  ])
  for (const row of table(rows)) output.line(row)
}

export async function rotateSigningKeys({ json = false, dataDir, compromised = false }: RotateOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const key = await withExistingData(dataDir, async (data) => {
    const next = await keysOf(data).rotate({ compromised })
    await recordOperator(data.store, 'keys.rotate', next.kid, startedAt)
    return next
  })
  output.object(key)
  const done = output.paint('green', '✓')
  if (compromised) {
    output.line(`${done} ${key.kid} signs from now on: a running guard refuses what any other has signed within a second`)
    return output.note('Clients that have a refresh token get new tokens by themselves.')
  }
  output.line(`${done} ${key.kid} is published${key.state === 'next' ? `, and signs from ${minuteOf(key.signsFrom)} on` : ' and signs'}`)
  output.note('Tokens that were signed before stay good until they expire.')
}
