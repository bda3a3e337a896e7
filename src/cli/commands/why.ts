/** `sallyport why dec_…`: who asked for what, which rule decided on which facts, and what would have allowed it. @module */

import type { AuditRecord } from '../../storage/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { nameOfClient, nameOfSubject, nameOfTarget, timeOf, wouldAllow } from '../decisions.ts'
import { CliError } from '../errors.ts'
import { createOutput } from '../output.ts'
import { shown } from '../shown.ts'

export async function why(id: string, { json = false, dataDir }: WithData): Promise<void> {
  const found = await withExistingData(dataDir, ({ store }) => store.audit.get(id))
  if (!found)
    throw new CliError(
      'E-NOT-FOUND',
      `there is no decision ${shown(id.slice(0, 64))}`,
      'see `sallyport audit search`, where a flood of equal refusals is counted in one record, and check --data-dir',
    )
  const { sequence, record, hash } = found
  const output = createOutput(json)
  const allows = wouldAllow(record)
  output.object({ sequence, hash, ...record, wouldAllow: allows })

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
    ['host id', record.hostToolUseId],
    ['took', `${record.durationMs} ms`],
    ['cause', record.cause?.split('\n')[0]],
    ['would allow', allows.join('; or ') || undefined],
  ]
  for (const [label, value] of rows) if (value) output.line(`  ${output.paint('dim', label.padEnd(11))}  ${shown(value)}`)
}

function countedIn({ repeated }: AuditRecord): string {
  if (repeated === undefined) return ''
  return repeated === 1 ? ' (a flood: those that follow are counted in a later record)' : ` (this record counts ${repeated} equal refusals)`
}
