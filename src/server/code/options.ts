/**
 * The `code` block of a server or a gateway, and its strict schema: whether callers may send code to run, what it may use, and which
 * tools it may call. Without it there is no such tool.
 *
 * @module
 */

import { z } from 'zod'
import { type Depth, type SnippetLimits, snippetDefaults } from '../../sandbox/index.ts'
import { type Permissions, type Permitted, toPermission } from '../definitions/index.ts'
import { FUNCTIONS } from './entries.ts'

export interface CodeOptions {
  /** The tools that snippets may call, by name or glob; none unless told. Each call needs what a call of it by its caller needs. */
  readonly tools?: readonly string[] | undefined
  /** What the tool is called; `run_code` unless told. */
  readonly name?: string | undefined
  /** Who may use it: as of any tool. The scope `tools:execute` unless told. */
  readonly permissions?: Permissions | undefined
  /** How long one snippet may take, the calls of its tools included; 60,000 unless told. */
  readonly timeoutMs?: number | undefined
  /** How long it may run itself, in seconds; 10 unless told. */
  readonly cpuSeconds?: number | undefined
  /** What its values may take, in MiB; 64 unless told. */
  readonly memoryMb?: number | undefined
  /** How many calls of tools one snippet may make; 50 unless told. */
  readonly maxCalls?: number | undefined
  /** How many of them at once; 8 unless told. */
  readonly maxConcurrentCalls?: number | undefined
  /** How many bytes it may return; 1 MiB unless told. What leaves of that is a matter of `results`, as of any tool. */
  readonly resultBytes?: number | undefined
  /** How many may run at once; as many as this machine has cores, and two at least, unless told. */
  readonly children?: number | undefined
}

/** With every default in place. */
export interface CodeSettings {
  readonly tools: readonly string[]
  readonly name: string
  readonly permitted: Permitted
  readonly limits: SnippetLimits
  readonly children: number | undefined
  /** Undefined: the deepest of this machine. */
  readonly depth: Depth | undefined
}

export const RUN_CODE = 'run_code'
const MIB = 1024 * 1024
const name = z.string().min(1).max(256)
const names = z.array(name).max(1_000).optional()

const permissions: z.ZodType<Permissions | undefined> = z
  .union([
    z.enum(['public', 'denied']),
    z.strictObject({
      access: z.enum(['public', 'protected', 'private', 'denied']).optional(),
      requiredScopes: names,
      requiredRoles: names,
      clients: names,
      users: names,
      when: z.string().max(16_384).optional(),
    }),
  ])
  .superRefine((given, context) => {
    toPermission(given, 'tool', (message) => context.addIssue({ code: 'custom', message }))
  })
  .optional() as z.ZodType<Permissions | undefined>

export const codeSchema: z.ZodType<CodeOptions> = z.strictObject({
  tools: z
    .array(name)
    .max(1_000)
    .optional()
    .describe('The tools that snippets may call, by name or glob. Each call needs what a call by the caller needs. Default: none.'),
  name: z
    .string()
    .regex(/^[A-Za-z0-9_.-]{1,128}$/, 'must be 1 to 128 letters, digits, "_", "-" or "."')
    .refine((given) => given !== FUNCTIONS, 'is what the tool is called that tells what there is to call')
    .optional()
    .describe('What the tool is called. Default run_code.'),
  permissions: permissions.describe('Who may use it, as of any tool. Default: who has the scope tools:execute.'),
  timeoutMs: z.int().min(10).max(3_600_000).optional().describe('How long one snippet may take, its calls included. Default 60000.'),
  cpuSeconds: z.int().min(1).max(3_600).optional().describe('How long it may run itself, in seconds. Default 10.'),
  memoryMb: z.int().min(8).max(1_024).optional().describe('What its values may take, in MiB. Default 64.'),
  maxCalls: z.int().min(0).max(10_000).optional().describe('How many calls of tools one snippet may make. Default 50.'),
  maxConcurrentCalls: z.int().min(1).max(1_000).optional().describe('How many of them at once. Default 8.'),
  resultBytes: z
    .int()
    .min(1_024)
    .max(16 * MIB)
    .optional()
    .describe('How many bytes it may return. Default 1048576.'),
  children: z.int().min(1).max(256).optional().describe('How many may run at once. Default: the number of cores, and two at least.'),
})

/** What is given has passed the schema. `depth`: the one that its sandbox must have. */
export function toCodeSettings(options: CodeOptions, depth?: Depth): CodeSettings {
  const { tools = [], name = RUN_CODE, permissions, children, cpuSeconds, ...limits } = options
  const permitted = toPermission(permissions, 'tool', () => {})
  if (!permitted) throw new TypeError('code.permissions was not checked')
  const given = Object.entries({ ...limits, runSeconds: cpuSeconds }).filter(([, value]) => value !== undefined)
  return { tools, name, permitted, limits: { ...snippetDefaults, ...Object.fromEntries(given) }, children, depth }
}
