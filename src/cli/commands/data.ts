/** `sallyport data report | export | forget`: what is kept of somebody, all of it in their hands, and gone for good. @module */

import { once } from 'node:events'
import { createWriteStream } from 'node:fs'
import { finished } from 'node:stream/promises'
import { systemClock } from '../../core/index.ts'
import { createApiKeys } from '../../oauth/index.ts'
import { createAccounts, toName } from '../../people/index.ts'
import { type ClassName, classes, exportOf, forget, reportOn, resumeForgetting, subjectOfKey, toRetention } from '../../retention/index.ts'
import type { Data } from '../../vault/index.ts'
import { createAsker } from '../calling/asking.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { recordOperator } from '../record.ts'
import { shown, shownJson } from '../shown.ts'
import { counted, minuteOf } from '../values.ts'
import { whileWaiting } from '../waiting.ts'

export interface ExportOptions extends WithData {
  readonly out?: string
}
export interface ForgetOptions extends WithData {
  readonly class?: string
  readonly yes?: boolean
  readonly owner?: boolean
}

/** A server that runs notices within a fifth of a second, and what it was about to write is written by then. */
const SETTLE_MS = 1_000

export async function reportData(named: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const { auditRecordsMs } = toRetention((await configured()).retention)
  const { subject, kept } = await withExistingData(dataDir, async (data) => {
    const subject = await subjectFor(data, named)
    return { subject, kept: await whileWaiting(() => 'looking', output, reportOn({ store: data.store, subject, auditRecordsMs })) }
  })
  output.object({ subject, classes: kept })
  const rows = kept.map((each) => [
    each.class,
    String(each.count),
    `${each.bytes} bytes`,
    each.oldest === undefined ? '' : `since ${minuteOf(each.oldest)}`,
    each.until === undefined ? classes[each.class].lifetime : `until ${minuteOf(each.until)}`,
  ])
  for (const row of table(rows)) output.line(row)
  if (rows.length === 0) output.note(nothingOf(named))
}

export async function exportData(named: string, { json = false, dataDir, out }: ExportOptions): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const count = await withExistingData(dataDir, async (data) => {
    const subject = await subjectFor(data, named)
    // Not over something that is there, and for its owner's eyes alone.
    const target = out === undefined ? process.stdout : createWriteStream(out, { flags: 'wx', mode: 0o600 })
    if (out !== undefined) await opened(target, out)
    // Before: nothing is read that nobody knows of.
    await recordOperator(data.store, 'data.export', subject, startedAt)
    let written = 0
    const all: unknown[] = []
    for await (const item of exportOf(data, subject)) {
      written++
      if (json && out === undefined) all.push(item)
      else if (!target.write(`${shownJson(JSON.stringify(item))}\n`)) await once(target, 'drain')
    }
    if (out !== undefined) await finished(target.end())
    else output.object({ subject, items: all })
    return written
  })
  if (out !== undefined) {
    output.object({ out, items: count })
    output.line(`${output.paint('green', '✓')} wrote ${counted(count, 'item')} to ${shown(out)}, a line of JSON each`)
  }
  if (count === 0) output.note(nothingOf(named))
}

export async function forgetData(named: string | undefined, options: ForgetOptions): Promise<void> {
  const { json = false, dataDir, yes = false, owner = false } = options
  const output = createOutput(json)
  const startedAt = Date.now()
  const name = classFor(named, options.class)
  const result = await withExistingData(dataDir, async (data) => {
    const { store, vault } = data
    const subject = named === undefined ? undefined : await subjectFor(data, named)
    if (subject !== undefined && !owner && (name === undefined || name === 'accounts')) await checkNotOwner(data, subject)
    const what = [named && shown(named), name].filter(Boolean).join(': ')
    await agree(what, yes)
    // Before: who is killed on the way has begun it, and a server ends it.
    await recordOperator(store, 'data.forget', subject ?? name ?? '', startedAt, name && { class: name })
    const work = resumeForgetting({ store, vault }).then(() => forget({ store, vault }, { subject, class: name }, { settleMs: SETTLE_MS }))
    const forgotten = await whileWaiting(() => `forgetting ${what}`, output, work)
    return { ...(subject !== undefined && { subject }), ...(name && { class: name }), ...forgotten }
  })
  output.object(result)
  if (result.records === 0 && result.dataKeys === 0) output.line(nothingOf(named ?? name ?? ''))
  else
    output.line(
      `${output.paint('green', '✓')} forgotten: ${counted(result.records, 'record')}, ${counted(result.dataKeys, 'data key')}; what was sealed opens in no backup any more`,
    )
  if (!result.erased)
    output.note(
      'sallyport.db is larger than 1 GB and was not written anew: fragments of names may be left in it until their place is used.',
    )
  if (!json)
    output.note(
      'Audit records stay until their time is up, without arguments. Replace copies of sallyport-keys.db by the one that is there now.',
    )
}

/** Who is spelled wrong is kept nothing of, too. */
const nothingOf = (named: string): string =>
  `Nothing is kept of ${shown(named)} here. \`sallyport user list\`, \`key list\` and \`audit search\` say how each is called.`
const configured = async () => (await import('../../gateway/index.ts')).loadConfig({ cwd: process.cwd(), env: process.env })

/** As whom the vault and the records know them. @throws {CliError} for a key that is a person's. */
async function subjectFor({ store, keyRing }: Data, named: string): Promise<string> {
  if (named.startsWith('["')) return named
  if (/^spk_[0-9A-Za-z]{8}$/.test(named)) {
    const key = await createApiKeys({ store, keyRing, clock: systemClock }).find(named.slice(4))
    if (key?.account !== undefined)
      throw new CliError(
        'E-USAGE',
        `${named} is a key of ${shown(key.account)}`,
        `name the person: sallyport data report ${shown(key.account)}`,
      )
    return subjectOfKey(key?.subject ?? named)
  }
  const account = await createAccounts({ store, clock: systemClock }).find(toName(named))
  return account?.name ?? named
}

/** @throws {CliError} where neither is named, or where the class is not there to be forgotten as a whole. */
function classFor(named: string | undefined, given: string | undefined): ClassName | undefined {
  if (given === undefined) {
    if (named === undefined)
      throw new CliError('E-USAGE', 'whom or what to forget must be said', 'name somebody, or a class: --class tasks')
    return undefined
  }
  const fits = Object.entries(classes).filter(([, { forgettable, personal }]) => forgettable || (named !== undefined && personal))
  if (fits.some(([name]) => name === given)) return given as ClassName
  throw new CliError(
    'E-USAGE',
    `--class cannot be ${shown(given.slice(0, 64))}${named === undefined ? ' for everybody' : ''}`,
    `one of ${fits.map(([name]) => name).join(', ')}`,
  )
}

async function checkNotOwner({ store }: Data, subject: string): Promise<void> {
  const account = await createAccounts({ store, clock: systemClock }).find(subject)
  if (account?.owner)
    throw new CliError(
      'E-USAGE',
      `${subject} set this server up`,
      'with --owner they are forgotten all the same: the next start shows a link to make another',
    )
}

async function agree(what: string, yes: boolean): Promise<void> {
  if (yes) return
  const asker = createAsker({ signal: new AbortController().signal, interrupt: () => process.exit(130) })
  if (asker === undefined) throw new CliError('E-USAGE', 'there is nobody to ask', 'add --yes, if this is what you want')
  if (!(await asker.confirm(`Forget ${what} for good? Backups forget too, and nothing brings it back.`)))
    throw new CliError('E-DECLINED', 'nothing was forgotten', 'run it again and agree, or with --yes')
}

async function opened(target: NodeJS.WritableStream, out: string): Promise<void> {
  try {
    await once(target, 'open')
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error
    throw new CliError('E-EXISTS', `${shown(out)} is there already`, 'name another file with --out')
  }
}
