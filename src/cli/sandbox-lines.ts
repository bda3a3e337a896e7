/** What guarded commands run in and may reach: a line each for people, a value for programs. @module */

import { type Guard, type SandboxStatus, shownGrants } from '../gateway/index.ts'
import { showDestination } from '../sandbox/index.ts'
import type { Output } from './output.ts'
import { shown } from './shown.ts'

export const sandboxLine = ({ depth, grants }: SandboxStatus, paint: Output['paint']): string =>
  depth === 'none' ? paint('yellow', 'sandbox: none · it can do whatever you can') : `sandbox: ${depth} · ${shown(shownGrants(grants))}`

/** By the server's name. URLs have none. */
export const sandboxesOf = (status: ReturnType<Guard['status']>): Readonly<Record<string, object>> =>
  Object.fromEntries(
    status.flatMap(({ server, sandbox }): [string, object][] => {
      if (!sandbox) return []
      const { depth, grants } = sandbox
      if (depth === 'none') return [[server, { depth }]]
      // The others are of one call, and mean nothing to a server.
      const { memoryMb, cpuSeconds, maxProcesses, scratchMb } = grants.limits
      return [
        [server, { depth, ...grants, net: grants.net.map(showDestination), limits: { memoryMb, cpuSeconds, maxProcesses, scratchMb } }],
      ]
    }),
  )
