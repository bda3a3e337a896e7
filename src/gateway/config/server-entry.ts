/** A server's entry in the configuration, as it is written. @module */

import { z } from 'zod'
import { type ReleaseRuleOptions, releaseSchema } from '../../guards/index.ts'
import { type ReferencesEntry, referencesSchema } from './references.ts'
import { type SandboxEntry, sandboxEntry } from './sandbox.ts'
import { type UpstreamAuth, upstreamAuth } from './upstream-auth.ts'

/** One upstream: a command, or a URL. Also what Claude, Cursor and VS Code write in their own files. */
export interface ServerEntry {
  type?: 'stdio' | 'http' | 'streamable-http' | 'streamableHttp' | undefined
  command?: string | undefined
  args?: (string | number)[] | undefined
  env?: Record<string, string | number | boolean> | undefined
  cwd?: string | undefined
  url?: string | undefined
  headers?: Record<string, string> | undefined
  /** Whose credential requests carry, where the server wants one. */
  auth?: UpstreamAuth | undefined
  /** What a command may reach. */
  sandbox?: SandboxEntry | undefined
  /** Which tools only read, ask a person, or are not offered. The first glob that matches counts. */
  tools?: Record<string, 'read' | 'execute' | 'ask' | 'deny'> | undefined
  /** Arguments that callers send by reference, by the tool's name or glob. */
  references?: ReferencesEntry | undefined
  /** What leaves of its tools' results. The first glob that matches counts. */
  release?: Record<string, ReleaseRuleOptions> | undefined
  /** Of which tools arguments are kept beside the audit. The first glob that matches counts. */
  audit?: Record<string, 'none' | 'sealed'> | undefined
  timeoutSeconds?: number | undefined
  /** Of a command that is a process for each person (`${user-secret:NAME}`). */
  perPerson?: { processes?: number | undefined; idleSeconds?: number | undefined } | undefined
  disabled?: boolean | undefined
}

const text = z.string().min(1).max(65_536)

export const serverSchema: z.ZodType<ServerEntry> = z.strictObject({
  type: z
    .enum(['stdio', 'http', 'streamable-http', 'streamableHttp'])
    .optional()
    .describe('The transport, as other programs write it. Told by "command" or "url" anyway.'),
  command: text.optional().describe('The program to start. It is started without a shell.'),
  args: z
    .array(z.union([z.string(), z.number()]))
    .max(1000)
    .optional()
    .describe('Its arguments.'),
  env: z
    .record(z.string().regex(/^[A-Za-z_][A-Za-z0-9_]*$/, 'must be the name of a variable'), z.union([z.string(), z.number(), z.boolean()]))
    .optional()
    .describe(
      'Variables for it, beside PATH, LANG, TZ, TERM and a HOME of its own (without a sandbox: yours, TMPDIR, USER and where certificates are); nothing else of yours is passed on. Use ${env:NAME}, ${file:PATH} or ${secret:NAME} for secrets, ${user-secret:NAME} for each person’s own.',
    ),
  cwd: text.optional().describe('Where it runs. Default: the folder of this file.'),
  url: text.optional().describe('The Streamable HTTP endpoint of a server that runs already.'),
  headers: z
    .record(z.string(), z.string())
    .optional()
    .describe('Headers for it. Use ${env:NAME}, ${file:PATH} or ${secret:NAME} for secrets, ${user-secret:NAME} for each person’s own.'),
  auth: upstreamAuth
    .optional()
    .describe("How its callers are known there, by url. Default: a server that asks for a sign-in gets each person's own account."),
  sandbox: sandboxEntry
    .optional()
    .describe(
      'What its command may reach beside its own program, its home and its /tmp; paths are from the folder of this file. Default: nothing, in a sandbox where this machine can make one.',
    ),
  tools: z
    .record(text, z.enum(['read', 'execute', 'ask', 'deny']))
    .optional()
    .describe(
      'What its tools may be called with, by name or glob; the first that matches counts. read: tools:read; execute: tools:execute; ask: a person must agree; deny: not offered.',
    ),
  references: referencesSchema
    .optional()
    .describe(
      'Arguments of its tools that callers send by reference, by the name or glob of the tool; the first that matches counts. The server gets the content.',
    ),
  release: z
    .record(text, releaseSchema)
    .optional()
    .describe("What leaves of its tools' results, by name or glob; the first that matches counts."),
  audit: z
    .record(text, z.enum(['none', 'sealed']))
    .optional()
    .describe(
      'Of which of its tools arguments are kept beside the audit, by name or glob; the first that matches counts. Default: as audit.arguments says.',
    ),
  timeoutSeconds: z.number().positive().max(3600).optional().describe('How long a call to it may take at most.'),
  perPerson: z
    .strictObject({
      processes: z.int().min(1).max(1000).optional().describe('How many may run at once. Default 32.'),
      idleSeconds: z
        .number()
        .min(1)
        .max(86_400)
        .optional()
        .describe('How long one may have nothing to do before it is ended. Default 600.'),
    })
    .optional()
    .describe('Of a command with ${user-secret:NAME} in its env, which is a process for each person.'),
  disabled: z.boolean().optional().describe('Whether to leave it out.'),
})
