// Tools with encrypted fields on the rig of `engine.ts`: real definitions, real HTTP, a clock that a test moves.

import { createRedactor, type Entry, type Principal, type Redactor } from '../../src/core/index.ts'
import { toolEntry } from '../../src/server/definitions/index.ts'
import { principal, type Rig, startEngine, type Told } from './engine.ts'
import { type McpOptions, mcp } from './mcp.ts'
import { type SealedClient, sealedClient } from './sealed-client.ts'

export interface SealedRig extends Rig {
  readonly entries: readonly Entry[]
  /** A client of the tool, with a key of its own. */
  client(tool: string, token?: string, options?: McpOptions): Promise<SealedClient>
  readonly clock: { now: number }
  /** What `MCPServer` does when the keys have changed. */
  republish(): Promise<void>
}

export const PRINCIPALS: Readonly<Record<string, Principal>> = { alice: principal('alice'), eve: principal('eve') }

export async function startSealed(
  definitions: readonly object[],
  told: Told = {},
  redactor: Redactor = createRedactor(),
): Promise<SealedRig> {
  const entries = definitions.map((definition) => {
    const report = (problem: string): never => {
      throw new Error(problem)
    }
    return toolEntry(definition, { server: 'test', report, warn: () => {} }) as Entry
  })
  const clock = { now: Date.parse('2026-11-27T12:00:00Z') }
  const rig = await startEngine(entries, PRINCIPALS, {}, redactor, { clock: () => clock.now, ...told })
  const republish = async (): Promise<void> => void rig.engine.catalogue.replace('test', await rig.engine.sealing.publish(entries))
  await republish()
  return {
    ...rig,
    entries,
    clock,
    republish,
    client: (tool, token = 'alice', options = {}) => sealedClient(mcp(rig.url, { token, ...options }), tool, () => clock.now),
  }
}
