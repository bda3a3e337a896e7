/**
 * The children in which a server's modules run: one set for all of its tools, a pool for each module with its grants. What is offered
 * may be replaced while they run; what is not offered any more ends with the calls that it still has.
 *
 *   definitions ─ add ─▶ known ─ open ─▶ pools ─ keep ─▶ those that are still offered
 *
 * Fails closed: what cannot be confined does not start, and a tool without a pool refuses its calls.
 *
 * @module
 */

import { dirname } from 'node:path'
import { pathToFileURL } from 'node:url'
import { type Call, type Clock, ConfigError, type Log, type Principal, systemClock, userInRecord } from '../core/index.ts'
import {
  type Children,
  type Confinement,
  createChildren,
  createConnectRecords,
  type Job,
  openConfinement,
  openNetwork,
  type Pool,
  type Prepare,
  toNodeProgram,
} from '../sandbox/index.ts'
import type { AuditRecord, Store } from '../storage/index.ts'
import { type Modules, type ModuleTool, moduleFiles } from './definitions/index.ts'
import type { ModuleOptions } from './module-options.ts'
import { createModuleTypes } from './module-types.ts'
import { grantsOfOwnData } from './own-data.ts'
import { requireSandbox } from './require-sandbox.ts'

export interface ModuleRunner extends Modules {
  /** Before they are offered. Without any, nothing is opened. @throws {ConfigError} where there is no sandbox that may do. */
  open(tools: readonly ModuleTool[], surroundings: Surroundings): Promise<void>
  /** What else ran takes no more calls. */
  keep(tools: readonly ModuleTool[]): void
  /** How deep, once it is open. */
  readonly confinement: Confinement | undefined
  close(): Promise<void>
}

export interface Surroundings {
  /** Where accounts and keys are: never seen inside. */
  readonly dataDir: string
  readonly store: Store
  readonly record: (record: AuditRecord) => void
}

export interface ModuleRunnerOptions extends ModuleOptions {
  /** The server's own name, for the audit. */
  readonly server: string
  /** Whether a sandbox that lacks something is an error. */
  readonly strict: boolean
  readonly log: Log
  readonly clock?: Clock | undefined
}

interface Opened {
  readonly confinement: Confinement
  readonly children: Children
  readonly surroundings: Surroundings
  readonly connects: ReturnType<typeof createConnectRecords>
}

/** Two tools of one module with the same grants share its children. */
const keyOf = ({ file, grants }: ModuleTool): string => JSON.stringify([file, grants])

export function createModuleRunner(options: ModuleRunnerOptions): ModuleRunner {
  const { server, strict, log, clock = systemClock, children: most, waiting, spares, idleSeconds, depth } = options
  let opened: Opened | undefined
  const pools = new Map<string, Pool>()
  /** Whose a job is: for what is recorded of it. */
  const callers = new WeakMap<Job, Principal>()

  /** `greeting`: its modules without their types. */
  function toPool(tool: ModuleTool, { confinement, children, surroundings, connects }: Opened, greeting: string | undefined): Pool {
    const { name, file, grants } = tool
    const { code, hidden } = moduleFiles(file)
    const program = toNodeProgram(
      {
        inside: 'runner',
        args: [pathToFileURL(file).href, ...(greeting === undefined ? [] : ['stripped'])],
        grants,
        code,
        hidden: [...hidden, surroundings.dataDir],
        cwd: dirname(file),
      },
      confinement.depth,
    )
    // Other depths have a network of their own making, or the machine's.
    if (grants.net.length === 0 || confinement.depth !== 'bubblewrap') return children.pool({ name: `tool ${name}`, program, greeting })
    // Each child has a way out of its own, so that what comes over it is its owner's.
    const prepare: Prepare = async (current) => {
      let last: Principal | undefined
      const network = await openNetwork({
        name,
        allowed: grants.net,
        log,
        clock,
        note: (connection) => {
          const job = current()
          last = (job && callers.get(job)) ?? last
          connects.note(connection, { server, program: name, ...whose(last) })
        },
      })
      return { program: network.beside(program), close: network.close }
    }
    return children.pool({ name: `tool ${name}`, program, greeting, prepare })
  }

  async function openPools(tools: readonly ModuleTool[], opened: Opened): Promise<void> {
    const { confinement, surroundings } = opened
    const types = createModuleTypes({ confinement, log, hidden: [surroundings.dataDir] })
    try {
      const greetings = await Promise.all(tools.map(({ file }) => types.greeting(file)))
      for (const [index, tool] of tools.entries())
        if (!pools.has(keyOf(tool))) pools.set(keyOf(tool), toPool(tool, opened, greetings[index]))
    } finally {
      await types.close()
    }
  }

  async function opening(surroundings: Surroundings): Promise<Opened> {
    const confinement = await openConfinement({ log, prefer: depth })
    return {
      confinement,
      surroundings,
      children: createChildren({ confinement, log, clock, children: most, waiting, spares, idleSeconds }),
      connects: createConnectRecords({ record: surroundings.record, clock }),
    }
  }

  return {
    add(tool) {
      const key = keyOf(tool)
      return (job: Job, call: Call) => {
        const pool = pools.get(key)
        if (!pool) throw new Error(`tool ${tool.name}: its sandbox is not open`)
        if (tool.grants.net.length > 0) callers.set(job, call.principal)
        return pool.run(job)
      }
    },
    async open(tools, surroundings) {
      if (tools.length === 0) return
      const problems = grantsOfOwnData(tools, surroundings.dataDir)
      if (problems.length > 0) throw new ConfigError(problems)
      opened ??= await opening(surroundings)
      requireSandbox(opened.confinement, `tools ${tools.map(({ name }) => name).join(', ')}`, strict, log)
      await openPools(
        tools.filter((tool) => !pools.has(keyOf(tool))),
        opened,
      )
    },
    keep(tools) {
      const wanted = new Set(tools.map(keyOf))
      for (const [key, pool] of pools) {
        if (wanted.has(key)) continue
        pools.delete(key)
        pool.retire()
      }
    },
    get confinement() {
      return opened?.confinement
    },
    async close() {
      pools.clear()
      await opened?.children.close()
      opened?.connects.close()
      opened = undefined
    },
  }
}

function whose(principal: Principal | undefined): Partial<Pick<AuditRecord, 'subject' | 'issuer' | 'user' | 'clientId'>> {
  if (!principal) return {}
  const { subject, issuer, clientId } = principal
  return { subject, issuer, user: userInRecord(principal), clientId }
}
