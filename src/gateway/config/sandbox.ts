/**
 * What a guarded command may reach, as it is configured: the block `sandbox` of a server, or the flags of the command line.
 *
 * A command runs in a sandbox unless somebody says otherwise. Whoever says what it may reach means that it cannot reach more: then it
 * is not started where there is no sandbox.
 *
 * @module
 */

import { z } from 'zod'
import { type Grants, type SandboxOptions, sandboxShape, serverLimits, toGrants } from '../../sandbox/index.ts'

export interface SandboxEntry extends SandboxOptions {
  /** It is started without a sandbox. */
  readonly dangerouslyOff?: boolean | undefined
  /** It is started without a sandbox where this machine cannot make one. */
  readonly dangerouslyOptional?: boolean | undefined
}

export interface ServerSandbox {
  /** `off`: on somebody's word. `required`: without one it is not started. */
  readonly use: 'off' | 'where-possible' | 'required'
  readonly grants: Grants
  /** Where that is written: for what is said of it. Empty: on the command line. */
  readonly where: string
  /** Which server it is, among those of the same name in other configurations: its home is its own. */
  readonly place: string
}

/** Of one call: they mean nothing to a server, which runs for as long as the guard does. */
const elsewhere = {
  timeoutMs: 'is for tools and snippets: how long a call to a server may take is its timeoutSeconds',
  maxOutputBytes: 'is for tools and snippets: how large the results of servers may be is limits.resultBytes',
} as const

export const sandboxEntry: z.ZodType<SandboxEntry> = z
  .strictObject({
    ...sandboxShape,
    timeoutMs: sandboxShape.timeoutMs.describe('For tools and snippets alone: a server has timeoutSeconds.'),
    maxOutputBytes: sandboxShape.maxOutputBytes.describe('For tools and snippets alone: servers have limits.resultBytes.'),
    cpuSeconds: sandboxShape.cpuSeconds.describe('Processor time of each of its processes, in seconds. Default: not bounded.'),
    memoryMb: sandboxShape.memoryMb.describe(`Memory of all its processes together, in MiB. Default ${serverLimits.memoryMb}.`),
    maxProcesses: sandboxShape.maxProcesses.describe(
      `Processes and threads together. Node has about a dozen threads. Default ${serverLimits.maxProcesses}.`,
    ),
    scratchMb: sandboxShape.scratchMb.describe(`What it may write to its own /tmp, in MiB. Default ${serverLimits.scratchMb}.`),
    dangerouslyOff: z.boolean().optional().describe('Start it without a sandbox: it can do whatever you can.'),
    dangerouslyOptional: z
      .boolean()
      .optional()
      .describe('Start it without a sandbox where this machine cannot make one. Default: then it is not started.'),
  })
  .superRefine((entry, { addIssue }) => {
    for (const [key, message] of Object.entries(elsewhere))
      if (entry[key as keyof typeof elsewhere] !== undefined) addIssue({ code: 'custom', path: [key], message })
    const others = Object.entries(entry).filter(([key, value]) => key !== 'dangerouslyOff' && value !== undefined)
    if (entry.dangerouslyOff === true && others.length > 0)
      addIssue({ code: 'custom', path: ['dangerouslyOff'], message: 'means that nothing else in this block counts: keep one of the two' })
    for (const [i, name] of (entry.env ?? []).entries())
      if (leadsToSocket(name)) addIssue({ code: 'custom', path: ['env', i], message: NO_SOCKET })
  })

/** Sockets of the person who starts this: an agent that signs, a desktop that obeys. In a sandbox there is nothing where they lead. */
const leadsToSocket = (name: string): boolean =>
  /(?:_SOCK|_SOCKET|_BUS_ADDRESS)$|^(?:DISPLAY|WAYLAND_DISPLAY|XAUTHORITY|XDG_RUNTIME_DIR|GPG_AGENT_INFO|DOCKER_HOST)$/i.test(name)
const NO_SOCKET = 'leads to a socket of yours, which nothing in a sandbox can reach'

/** What the command line says of every server: it counts, whatever is written. */
export type ForcedSandbox = 'off' | 'required' | undefined

/** `base`: the folder that paths are relative to. */
export function toServerSandbox(
  entry: SandboxEntry | undefined,
  base: string,
  { where, place, forced }: { readonly where: string; readonly place: string; readonly forced: ForcedSandbox },
): ServerSandbox {
  const { dangerouslyOff, dangerouslyOptional, ...options } = entry ?? {}
  const asWritten = dangerouslyOff === true ? 'off' : entry === undefined || dangerouslyOptional === true ? 'where-possible' : 'required'
  return { use: forced ?? asWritten, grants: toGrants(options, base, serverLimits), where, place }
}
