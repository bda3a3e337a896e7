/**
 * What something that runs in a sandbox may reach, and how much it may use: one language for a tool, a guarded server and a
 * snippet, in code, in `sallyport.yaml` and on the command line. Nothing named means nothing granted.
 *
 *   SandboxOptions (as written) ─ toGrants ─▶ Grants (absolute paths, parsed destinations, every limit in place)
 *
 * @module
 */

import { homedir } from 'node:os'
import { resolve } from 'node:path'
import { z } from 'zod'
import { type Destination, parseDestination } from './destination.ts'
import { real } from './real-path.ts'

/** As its author writes it. Paths are relative to the folder of whatever says so; `~/` is the home of whoever starts it. */
export interface SandboxOptions {
  /** Files and folders that may be read. */
  readonly read?: readonly string[] | undefined
  /** Files and folders that may be read and written. */
  readonly write?: readonly string[] | undefined
  /** Where it may connect to: `api.example.com:443`, `*.example.com:443`, `192.0.2.7:5432`, `[2001:db8::1]:443`. */
  readonly net?: readonly string[] | undefined
  /** Variables of our own environment that it is handed. */
  readonly env?: readonly string[] | undefined
  /** Programs that it may start, by name or path. */
  readonly run?: readonly string[] | undefined
  /** How long one call may take, in milliseconds. */
  readonly timeoutMs?: number | undefined
  /** Memory of all its processes together, in MiB. */
  readonly memoryMb?: number | undefined
  /** Processor time of one call, in seconds; of a server's each process, for as long as it runs. */
  readonly cpuSeconds?: number | undefined
  /** Processes and threads together. */
  readonly maxProcesses?: number | undefined
  /** What one call may write to its output, in bytes. */
  readonly maxOutputBytes?: number | undefined
  /** What it may write to its own `/tmp`, in MiB. */
  readonly scratchMb?: number | undefined
}

export interface Limits {
  readonly timeoutMs: number
  readonly memoryMb: number
  /** Undefined: not bounded. */
  readonly cpuSeconds: number | undefined
  readonly maxProcesses: number
  readonly maxOutputBytes: number
  readonly scratchMb: number
}

export interface Grants {
  /** Absolute, links followed. */
  readonly read: readonly string[]
  readonly write: readonly string[]
  readonly net: readonly Destination[]
  readonly env: readonly string[]
  readonly run: readonly string[]
  readonly limits: Limits
}

/** Of one call of a tool. A Node process has about a dozen threads of its own. */
export const toolLimits: Limits = {
  timeoutMs: 30_000,
  memoryMb: 256,
  cpuSeconds: 10,
  maxProcesses: 64,
  maxOutputBytes: 4 * 1024 * 1024,
  scratchMb: 32,
}
/** Of a guarded server, which runs for as long as the guard does. Its calls and messages have bounds of their own. */
export const serverLimits: Limits = {
  timeoutMs: 120_000,
  memoryMb: 2048,
  cpuSeconds: undefined,
  maxProcesses: 256,
  maxOutputBytes: 16 * 1024 * 1024,
  scratchMb: 256,
}

const VARIABLE = /^[A-Za-z_][A-Za-z0-9_]{0,255}$/
const names = z
  .array(
    z
      .string()
      .min(1)
      .max(4096)
      .refine((path) => !path.includes('\0'), 'must not have a zero byte'),
  )
  .max(256)

export const sandboxShape: { readonly [Name in keyof SandboxOptions]-?: z.ZodType<SandboxOptions[Name]> } = {
  read: names.optional().describe('Files and folders that may be read.'),
  write: names.optional().describe('Files and folders that may be read and written.'),
  net: z
    .array(
      z
        .string()
        .max(300)
        .superRefine((written, context) => {
          const parsed = parseDestination(written)
          if ('problem' in parsed) context.addIssue({ code: 'custom', message: parsed.problem })
        }),
    )
    .max(256)
    .optional()
    .describe('Where it may connect to, as HOST:PORT. The host may begin with "*.".'),
  env: z
    .array(
      z
        .string()
        .regex(VARIABLE, 'must be the name of a variable')
        .refine((name) => !/^SALLYPORT_/i.test(name), 'variables of Sallyport itself are never handed on'),
    )
    .max(256)
    .optional()
    .describe('Variables of our own environment that it is handed.'),
  run: names.optional().describe('Programs that it may start, by name or path.'),
  timeoutMs: z.int().min(1).max(86_400_000).optional().describe('How long one call may take, in milliseconds.'),
  memoryMb: z.int().min(64).max(1_048_576).optional().describe('Memory of all its processes together, in MiB.'),
  cpuSeconds: z.int().min(1).max(86_400).optional().describe('Processor time of one call, in seconds.'),
  maxProcesses: z.int().min(16).max(65_536).optional().describe('Processes and threads together. Node has about a dozen threads.'),
  maxOutputBytes: z
    .int()
    .min(1024)
    .max(1024 * 1024 * 1024)
    .optional()
    .describe('What one call may write to its output, in bytes.'),
  scratchMb: z.int().min(1).max(65_536).optional().describe('What it may write to its own /tmp, in MiB.'),
}

export const sandboxSchema: z.ZodType<SandboxOptions> = z.strictObject(sandboxShape)

/**
 * `base`: the folder that paths are relative to. `options` have passed the schema. Paths that are not there yet stay as they are
 * written: they are looked for again when something is started.
 */
export function toGrants(options: SandboxOptions, base: string, defaults: Limits): Grants {
  const { read = [], write = [], net = [], env = [], run = [] } = options
  // What is mounted is what a link leads to now: where it leads later grants nothing.
  const paths = (written: readonly string[]): string[] => [...new Set(written.map((path) => real(absolute(base, path))))]
  return {
    read: paths(read),
    write: paths(write),
    net: net.flatMap((written) => {
      const parsed = parseDestination(written)
      return 'problem' in parsed ? [] : [parsed]
    }),
    env,
    // A bare name is looked for in PATH when it is started.
    run: run.map((program) => (/[\\/]/.test(program) ? real(absolute(base, program)) : program)),
    limits: {
      timeoutMs: options.timeoutMs ?? defaults.timeoutMs,
      memoryMb: options.memoryMb ?? defaults.memoryMb,
      cpuSeconds: options.cpuSeconds ?? defaults.cpuSeconds,
      maxProcesses: options.maxProcesses ?? defaults.maxProcesses,
      maxOutputBytes: options.maxOutputBytes ?? defaults.maxOutputBytes,
      scratchMb: options.scratchMb ?? defaults.scratchMb,
    },
  }
}

/** As a shell has it: nobody's shell sees what is written in a file or after a comma. */
const absolute = (base: string, path: string): string =>
  resolve(
    base,
    path.replace(/^~(?=$|[\\/])/, () => homedir()),
  )
