/**
 * Which tools of servers in code run in a sandbox, and which in the server's own process: as the servers noted at their last start on
 * this data.
 *
 * @module
 */

import { type Inventory, readInventories } from '../../server/index.ts'
import type { Data } from '../../vault/index.ts'
import { type Finding, ok, warning } from './check.ts'

export async function checkOwnTools(data: Data | undefined): Promise<Finding[]> {
  if (data === undefined) return []
  return (await readInventories(data.store)).filter(({ inline, sandboxed }) => inline.length + sandboxed.length > 0).flatMap(ofServer)
}

function ofServer({ server, inline, sandboxed, depth, missing }: Inventory): Finding[] {
  const findings: Finding[] = []
  if (inline.length > 0) {
    const found = `in the server’s own process, with a deadline and no sandbox: ${inline.join(', ')}`
    findings.push(ok(server, `${found}. They can do what the server can; a module would run apart (docs/sandbox.md)`))
  }
  if (sandboxed.length === 0) return findings
  const found = `in a sandbox (${depth}): ${sandboxed.join(', ')}`
  if (missing.length === 0) return [...findings, ok(server, found)]
  return [...findings, warning(server, `${found}. ${missing.join(' ')}`, 'see docs/sandbox.md')]
}
