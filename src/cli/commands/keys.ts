/** `sallyport keys list | rotate`: the master key, and the keys that access tokens are signed with. A running guard follows both without a restart. @module */

import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { createFileTokenStore } from '../../client/index.ts'
import { systemClock } from '../../core/index.ts'
import { createSigningKeys } from '../../oauth/index.ts'
import { countKeys, type Data, rotateKeys } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { recordOperator } from '../record.ts'
import { shown } from '../shown.ts'
import { counted, minuteOf } from '../values.ts'
import { whileWaiting } from '../waiting.ts'
import { rotatePayloadKeys } from './keys-payload.ts'

export interface RotateOptions extends WithData {
  readonly signing?: boolean
  readonly payload?: boolean
  readonly compromised?: boolean
  readonly newPassphraseFile?: string
}

const signingKeysOf = ({ store, vault }: Data) => createSigningKeys({ store, vault, clock: systemClock })

export async function listKeys({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const { master, signingKeys } = await withExistingData(dataDir, async (data) => ({
    master: await countKeys(data),
    signingKeys: await signingKeysOf(data).list(),
  }))
  output.object({ master, signingKeys })
  const kinds = Object.values(master.byKind)
  output.line(`master key ${shown(master.current)} of ${shown(master.source)}`)
  const all = kinds.reduce((sum, count) => sum + count, 0)
  output.line(all === 0 ? 'no data keys yet' : `${counted(all, 'data key')} for ${counted(kinds.length, 'kind')} of record`)
  for (const row of table(Object.entries(master.byKind).map(([kind, count]) => [`  ${kind}`, String(count)]))) output.line(row)
  for (const [keyId, count] of Object.entries(master.byMasterKey))
    if (keyId !== master.current)
      output.note(`! ${count === 1 ? '1 is' : `${count} are`} wrapped with ${shown(keyId)} still: run sallyport keys rotate`)
  if (signingKeys.length === 0) output.note('There are no signing keys yet: `sallyport guard` makes the first one when somebody signs in.')
  const rows = signingKeys.map(({ kid, state, createdAt, signsFrom, endsAt }) => [
    `signing key ${kid}`,
    output.paint(state === 'signing' ? 'green' : 'dim', state === 'retired' ? 'verifies only' : state === 'next' ? 'published' : 'signs'),
    `made ${minuteOf(createdAt)}`,
    state === 'next' ? `signs from ${minuteOf(signsFrom)}` : '',
    endsAt === undefined ? '' : `until ${minuteOf(endsAt)}`,
  ])
  for (const row of table(rows)) output.line(row)
}

export async function rotate(options: RotateOptions): Promise<void> {
  const { signing = false, payload = false, compromised = false, newPassphraseFile } = options
  if (payload && (signing || newPassphraseFile !== undefined))
    throw new CliError('E-USAGE', '--payload is said alone', 'sallyport keys rotate --payload')
  if (compromised && !signing)
    throw new CliError('E-USAGE', '--compromised is said of signing keys', 'sallyport keys rotate --signing --compromised')
  if (signing && newPassphraseFile !== undefined)
    throw new CliError('E-USAGE', 'signing keys have no passphrase', 'leave out --signing or --new-passphrase-file')
  if (payload) return rotatePayloadKeys(options)
  return signing ? rotateSigningKeys(options) : rotateMasterKey(options)
}

async function rotateMasterKey({ json = false, dataDir, newPassphraseFile }: RotateOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  let said = 'wrapping data keys anew'
  const done = await withExistingData(dataDir, async (data) => {
    const rotating = rotateKeys(data, {
      newPassphraseFile,
      reseal: (keys) => resealSignIns(data.dir, keys),
      progress: (some, all) => void (said = `wrapping data keys anew: ${some} of ${all}`),
    })
    const rotated = await whileWaiting(() => said, output, rotating)
    await recordOperator(data.store, 'keys.rotate', rotated.keyId, startedAt)
    return rotated
  })
  output.object(done)
  output.line(
    `${output.paint('green', '✓')} ${shown(done.keyId)} is the master key, and wraps ${done.rewrapped === 0 ? 'all that there is' : counted(done.rewrapped, 'data key')}: a running guard goes on`,
  )
  if (done.left !== undefined) output.note(done.left)
  else output.note('The old key opens nothing any more. Replace your copies of the master key and of sallyport-keys.db.')
}

/** What this machine's clients keep in the same folder is sealed with the master key itself. */
async function resealSignIns(dataDir: string, keys?: string): Promise<void> {
  if (!existsSync(join(dataDir, 'client'))) return
  const env = keys === undefined ? process.env : { SALLYPORT_MASTER_KEY: keys }
  await createFileTokenStore({ dataDir, env }).rotateKey({ newKey: false })
}

async function rotateSigningKeys({ json = false, dataDir, compromised = false }: RotateOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const key = await withExistingData(dataDir, async (data) => {
    const next = await signingKeysOf(data).rotate({ compromised })
    await recordOperator(data.store, 'signing-keys.rotate', next.kid, startedAt)
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
