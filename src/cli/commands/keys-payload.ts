/**
 * `sallyport keys payload`, and `keys rotate --payload`: what encrypted fields are sealed to, and who vouches for that. A running server
 * follows within a second.
 *
 * @module
 */

import { systemClock } from '../../core/index.ts'
import { createPayloadKeys } from '../../guards/index.ts'
import type { Data } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { recordOperator } from '../record.ts'
import { minuteOf } from '../values.ts'

const payloadKeysOf = ({ store, vault }: Data) => createPayloadKeys({ store, vault, clock: systemClock })

const FIRST = 'a server with encrypted fields makes the first ones when it starts'

export async function listPayloadKeys({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const keys = await withExistingData(dataDir, (data) => payloadKeysOf(data).list())
  output.object({ keys })
  if (keys.length === 0) output.note(`There are no keys for encrypted fields yet: ${FIRST}.`)
  const rows = keys.map(({ kid, use, createdAt, opensUntil }) => [
    kid,
    output.paint(use === 'opens' ? 'dim' : 'green', use === 'identity' ? 'identity' : use === 'seals' ? 'is sealed to' : 'opens only'),
    `made ${minuteOf(createdAt)}`,
    opensUntil === undefined ? '' : `until ${minuteOf(opensUntil)}`,
  ])
  for (const row of table(rows)) output.line(row)
  if (keys.length > 0)
    output.note('A client can be given the identity by hand: sallyport call --identity, or the option encryption.identities.')
}

export async function rotatePayloadKeys({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const identity = await withExistingData(dataDir, async (data) => {
    const keys = payloadKeysOf(data)
    if ((await keys.list()).length === 0) throw new CliError('E-NOT-FOUND', 'there are no keys for encrypted fields', FIRST)
    const next = await keys.rotate()
    await recordOperator(data.store, 'payload-keys.rotate', next.kid, startedAt)
    return next
  })
  output.object(identity)
  output.line(`${output.paint('green', '✓')} ${identity.kid} is the identity for encrypted fields, and the one before has signed for it`)
  output.note('Clients that know the one before follow by themselves. Whoever was given it by hand is to be given this one.')
}
