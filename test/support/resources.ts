/** Resources of a server in code, for tests: made, opened and put into an engine's catalogue as `MCPServer` does it. @module */

import type { Principal } from '../../src/core/index.ts'
import { silentLog } from '../../src/core/index.ts'
import { createResources, type ResourceDefinitions, type Resources, type ResourcesOptions } from '../../src/server/resources/index.ts'
import { principal, type Rig, startEngine } from './engine.ts'

export const RESULT_BYTES = 1024 * 1024

/** What was wrong with the definitions, and what there is of them. */
export function make(definitions: ResourceDefinitions, over: Partial<ResourcesOptions> = {}): { resources: Resources; problems: string[] } {
  const problems: string[] = []
  const report = (problem: string): void => void problems.push(problem)
  const resources = createResources(definitions, {
    server: 'test',
    report,
    warn: report,
    resultBytes: RESULT_BYTES,
    log: silentLog,
    ...over,
  })
  return { resources, problems }
}

export interface ResourcesRig extends Rig {
  readonly resources: Resources
  readonly problems: readonly string[]
}

/** `principals`: token → who it is; `ana` may read resources unless told. */
export async function startResources(
  definitions: ResourceDefinitions,
  principals: Readonly<Record<string, Principal>> = { ana: principal('ana') },
  over: Partial<ResourcesOptions> = {},
): Promise<ResourcesRig> {
  const { resources, problems } = make(definitions, over)
  const rig = await startEngine(resources.entries, principals)
  await resources.open((key, listed) => rig.engine.catalogue.replace(key, listed))
  return {
    ...rig,
    resources,
    problems,
    async close(closeStore) {
      await rig.close(closeStore)
      await resources.close()
    },
  }
}
