/** `sallyport audit search` and `audit verify`. @module */

import type { AuditQuery } from '../../storage/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { nameOfClient, nameOfSubject, nameOfTarget, timeOf, timesOf } from '../decisions.ts'
import { parseSince } from '../durations.ts'
import { CliError } from '../errors.ts'
import { createOutput, table } from '../output.ts'
import { shownShort } from '../shown.ts'
import { minuteOf } from '../values.ts'

export interface SearchOptions extends WithData {
  readonly since?: string
  readonly decision?: string
  readonly subject?: string
  readonly action?: string
  readonly tool?: string
  readonly limit: string
}

export async function searchAudit(options: SearchOptions): Promise<void> {
  const output = createOutput(options.json ?? false)
  const now = Date.now()
  const query = toQuery(options, now)
  const found = await withExistingData(options.dataDir, ({ store }) => store.audit.search(query))
  output.object({ records: found.map(({ sequence, record, hash }) => ({ sequence, hash, ...record })) })
  const colours = { allow: 'green', deny: 'red', error: 'yellow' } as const
  const rows = found.map(({ record }) => [
    `${timeOf(record.at, now)}Z`,
    output.paint(colours[record.decision], record.decision),
    nameOfSubject(record),
    nameOfTarget(record),
    record.decision === 'allow' && record.reason === 'allowed' ? '' : `${shownShort(record.reason)}${timesOf(record)}`,
    `${record.durationMs} ms`,
    shownShort(record.id),
    // A key is its own client: once is enough.
    nameOfClient(record) === nameOfSubject(record) ? '' : nameOfClient(record),
  ])
  for (const row of table(rows)) output.line(row)
  if (rows.length === 0) output.note('no decision matches')
  else
    output.note(
      `${rows.length} decision${rows.length === 1 ? '' : 's'}, newest first${rows.length === query.limit ? ' (there may be more: --limit)' : ''}`,
    )
}

function toQuery({ since, decision, subject, action, tool, limit }: SearchOptions, now: number): AuditQuery & { readonly limit: number } {
  const decisions = decision?.split(',').map((one) => one.trim())
  if (decisions?.some((one) => !['allow', 'deny', 'error'].includes(one)))
    throw new CliError('E-USAGE', '--decision must be allow, deny or error', 'several go with commas: --decision deny,error')
  const count = Number(limit)
  if (!Number.isInteger(count) || count < 1 || count > 10_000)
    throw new CliError('E-USAGE', '--limit must be a whole number from 1 to 10000', 'narrow the search with --since, --subject or --tool')
  return {
    since: since === undefined ? undefined : parseSince('--since', since, now),
    decision: decisions,
    subject,
    action,
    target: tool,
    limit: count,
  }
}

export async function verifyAudit({ json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const showProgress = process.stderr.isTTY
    ? (checked: number, total: number) => void process.stderr.write(`\rverified ${checked} of ${total}\u001b[K`)
    : undefined
  const state = await withExistingData(dataDir, ({ store }) => store.audit.verify(showProgress))
  if (showProgress) process.stderr.write('\r\u001b[K')
  if (!state.intact)
    throw new CliError(
      'E-CHAIN',
      `the audit chain is broken at #${state.brokenAt} of ${state.records}: ${state.problem}`,
      'records were changed or removed outside sallyport: keep the data directory as evidence and restore the audit from a backup',
      state,
    )
  output.object(state)
  const first = (state.dropped?.through ?? 0) + 1
  const kept = state.records === 0 ? 'no records yet' : `#${first}…#${first + state.records - 1}`
  output.line(`${output.paint('green', '✓')} chain intact, ${kept}`)
  if (state.dropped) output.line(`  #1…#${state.dropped.through} dropped by retention, last at ${minuteOf(state.dropped.at)}`)
  if (state.records > 0) output.line(`  head ${state.head}`)
}
