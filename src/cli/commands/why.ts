/** `sallyport why dec_…`: who asked for what, which rule decided on which facts, and what would have allowed it. @module */

import { hashOf, type KeptArguments, placeOfArguments } from '../../guards/index.ts'
import type { AuditRecord } from '../../storage/index.ts'
import type { Data } from '../../vault/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { nameOfClient, nameOfSubject, nameOfTarget, timeOf, wouldAllow } from '../decisions.ts'
import { CliError } from '../errors.ts'
import { createOutput } from '../output.ts'
import { recordOperator } from '../record.ts'
import { shown } from '../shown.ts'

export interface WhyOptions extends WithData {
  readonly arguments?: boolean
}

export async function why(id: string, { json = false, dataDir, arguments: wanted = false }: WhyOptions): Promise<void> {
  const startedAt = Date.now()
  const { found, args } = await withExistingData(dataDir, async (data) => {
    const found = await data.store.audit.get(id)
    const args = found && (await argumentsOf(data, found.record, wanted))
    // Who looks at what somebody sent is on record as well.
    if (wanted && args?.value !== undefined) await recordOperator(data.store, 'audit.arguments', id, startedAt)
    return { found, args }
  })
  if (!found)
    throw new CliError(
      'E-NOT-FOUND',
      `there is no decision ${shown(id.slice(0, 64))}`,
      'see `sallyport audit search`, where a flood of equal refusals is counted in one record, and check --data-dir',
    )
  const { sequence, record, hash } = found
  const output = createOutput(json)
  const allows = wouldAllow(record)
  output.object({ sequence, hash, ...record, ...(args && { arguments: args }), wouldAllow: allows })

  const colour = record.decision === 'allow' ? 'green' : 'red'
  const verdict = output.paint(colour, record.decision.toUpperCase())
  const parts = [nameOfSubject(record), nameOfClient(record), nameOfTarget(record), `${timeOf(record.at, Date.now())}Z`]
  // A key is its own client: once is enough.
  output.line(`${verdict}  ${[...new Set(parts.filter(Boolean))].join(' · ')}`)
  const facts = Object.entries(record.facts ?? {})
    .filter(([key, value]) => !(key.endsWith('Roles') && Array.isArray(value) && value.length === 0))
    .map(([key, value]) => `${key}=${Array.isArray(value) ? value.join(',') || 'none' : String(value)}`)
  const rows: [string, string | undefined][] = [
    ['decision', `${record.id}, #${sequence} in the audit`],
    ['reason', record.reason + countedIn(record)],
    ['matched', record.rule],
    ['told', record.sentence],
    ['facts', facts.join(' · ') || undefined],
    ['credential', record.credentialId && `${record.credential} ${record.credentialId}`],
    ['from', [record.transport, record.address, record.version && `MCP ${record.version}`].filter(Boolean).join(' · ')],
    ['arguments', args && (args.value === undefined ? args.state + wayToKeep(record, args) : JSON.stringify(args.value))],
    ['within', record.within && `${record.within}: asked for by the code of that call`],
    ['host id', record.hostToolUseId],
    ['took', `${record.durationMs} ms`],
    ['cause', record.cause?.split('\n')[0]],
    ['would allow', allows.join('; or ') || undefined],
  ]
  for (const [label, value] of rows) if (value) output.line(`  ${output.paint('dim', label.padEnd(11))}  ${shown(value)}`)
}

/** What has become of the arguments, and what they were where they may be shown. Undefined: none were kept. */
interface KeptState {
  readonly state: string
  readonly value?: unknown
}

const wayToKeep = ({ action }: AuditRecord, { state }: KeptState): string =>
  state === 'not kept' && (action === 'tools/call' || action === 'prompts/get') ? ': audit.arguments keeps them (docs/retention.md)' : ''

async function argumentsOf({ store, vault }: Data, record: AuditRecord, wanted: boolean): Promise<KeptState | undefined> {
  const { id, argumentsHash, argumentsUntil = 0 } = record
  if (argumentsHash === undefined) return wanted ? { state: 'not kept' } : undefined
  const kept = (await store.records<KeptArguments>('audit_arguments').get(id))?.value
  if (!kept) return { state: argumentsUntil <= Date.now() ? 'expired' : 'shredded: somebody was forgotten' }
  if (hashOf(kept.sealed) !== argumentsHash) return { state: 'not what was recorded: they were exchanged' }
  const opened = await vault.open(kept.sealed, placeOfArguments(id, kept.subject))
  if (!opened) return { state: 'shredded: somebody was forgotten' }
  return wanted ? { state: 'kept', value: JSON.parse(opened.toString('utf8')) } : { state: 'kept: --arguments shows them' }
}

function countedIn({ repeated }: AuditRecord): string {
  if (repeated === undefined) return ''
  return repeated === 1 ? ' (a flood: those that follow are counted in a later record)' : ` (this record counts ${repeated} equal refusals)`
}
