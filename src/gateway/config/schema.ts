/**
 * The configuration file as it is written, and the strict schema that it must satisfy. `schema.json` at the root of the
 * package is made of this (`configJsonSchema`), so that editors know what programs do.
 *
 * @module
 */

import { z } from 'zod'
import { type CatalogueSettings, catalogueSchema } from '../../catalogue/index.ts'
import { SCOPE_PATTERN, type ScopeDeclarations, scopesSchema } from '../../core/index.ts'
import {
  type PersonalOptions,
  personalOptionsSchema,
  type ReleaseRuleOptions,
  type ResultsOptions,
  releaseSchema,
  resultsSchema,
} from '../../guards/index.ts'
import { type AuditOptions, auditSchema, type RetentionOptions, retentionSchema } from '../../retention/index.ts'
import { type Bounds, type BoundsOptions, boundsShape, type CodeOptions, codeSchema, defaultBounds, MAX_BYTES } from '../../server/index.ts'
import { type AuthEntry, authBlock } from './auth.ts'
import { type ReferencesEntry, referencesSchema } from './references.ts'
import { type SandboxEntry, sandboxEntry } from './sandbox.ts'
import { type UpstreamAuth, upstreamAuth } from './upstream-auth.ts'

/** At most `max` requests in each window. */
export interface LimitEntry {
  max: number
  windowSeconds?: number | undefined
}

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

/** Where callers come in. Beyond loopback only with TLS, ours or a proxy's. */
export interface ListenEntry {
  port?: number | undefined
  host?: string | undefined
  path?: string | undefined
  publicUrl?: string | undefined
  behindProxy?: boolean | undefined
  proxy?:
    | {
        trustedAddresses?: string[] | undefined
        hops?: number | undefined
        clientCertificate?: { header: string; verified: boolean } | undefined
      }
    | undefined
  tls?:
    | 'local'
    | {
        cert: string
        key: string
        passphrase?: string | undefined
        ca?: string | undefined
        clientCertificates?: 'off' | 'any' | 'requested' | 'required' | undefined
      }
    | undefined
}

export interface ConfigFile {
  $schema?: string | undefined
  listen?: number | ListenEntry | undefined
  servers?: Record<string, ServerEntry> | undefined
  mcpServers?: Record<string, ServerEntry> | undefined
  limits?:
    | {
        address?: LimitEntry | undefined
        principal?: LimitEntry | undefined
        client?: LimitEntry | undefined
        tool?: LimitEntry | undefined
        bodyBytes?: number | undefined
        argumentBytes?: number | undefined
        depth?: number | undefined
        listItems?: number | undefined
        resultBytes?: number | undefined
        deadlineSeconds?: number | undefined
        concurrency?: number | undefined
        references?: BoundsOptions['references']
      }
    | undefined
  auth?: AuthEntry | undefined
  results?: ResultsOptions | undefined
  personal?: PersonalOptions | undefined
  catalogue?: CatalogueSettings | undefined
  code?: CodeOptions | undefined
  scopes?: ScopeDeclarations | undefined
  local?: { scopes: string[] } | undefined
  retention?: RetentionOptions | undefined
  audit?: AuditOptions | undefined
  origins?: string[] | undefined
  log?: 'debug' | 'info' | 'warn' | 'error' | 'silent' | undefined
  dataDir?: string | undefined
  keys?: { kms?: string | undefined } | undefined
}

export const PORT = 7777
export const WINDOW_SECONDS = 60
export const LIMIT_MAX = 1200
/** An upstream answers more, and takes longer, than a function beside us. */
export const gatewayBounds: Bounds = {
  ...defaultBounds,
  argumentBytes: defaultBounds.bodyBytes,
  resultBytes: 16 * 1024 * 1024,
  deadlineSeconds: 120,
}

const limit: z.ZodType<LimitEntry> = z.strictObject({
  max: z.int().positive().max(10_000_000).describe('How many requests are let through in one window.'),
  windowSeconds: z.int().positive().max(86_400).optional().describe(`Length of a window, in seconds. Default ${WINDOW_SECONDS}.`),
})

const text = z.string().min(1).max(65_536)

const server: z.ZodType<ServerEntry> = z.strictObject({
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

const listenBlock: z.ZodType<ListenEntry> = z.strictObject({
  port: z.int().min(0).max(65_535).optional().describe(`Default ${PORT}; 0 takes any that is free.`),
  host: text.optional().describe('Default localhost: both loopback addresses. Any other needs tls, or behindProxy and publicUrl.'),
  path: text.optional().describe('The path of the MCP endpoint. Default /mcp.'),
  publicUrl: text.optional().describe('How people reach it, where that is not the address it listens on: https://mcp.example.com'),
  behindProxy: z.boolean().optional().describe('That a proxy in front ends TLS, and that nobody gets around it.'),
  proxy: z
    .strictObject({
      trustedAddresses: z.array(text).optional().describe('The proxies, as addresses or networks.'),
      hops: z.int().min(1).max(16).optional().describe('How many proxies stand in front, where their addresses change.'),
      clientCertificate: z
        .strictObject({
          header: text.describe(
            'The field: client-cert (RFC 9440), or one with escaped PEM. The proxy must remove it from what callers send.',
          ),
          verified: z.boolean().describe('Whether the proxy has checked who signed it.'),
        })
        .optional()
        .describe('Where the proxy writes the certificate of the caller.'),
    })
    .optional()
    .describe("Whose X-Forwarded-For is believed. Default: nobody's."),
  tls: z
    .union([
      z.literal('local'),
      z.strictObject({
        cert: text.describe('The certificate, in PEM: a file, read again when it changes.'),
        key: text.describe('Its key, in PEM.'),
        passphrase: text.optional().describe('Of the key. Use ${env:NAME} or ${file:PATH}.'),
        ca: text.optional().describe('Who signs the certificates of clients.'),
        clientCertificates: z
          .enum(['off', 'any', 'requested', 'required'])
          .optional()
          .describe('Whether clients bring certificates. Default off.'),
      }),
    ])
    .optional()
    .describe('TLS of our own; local: a certificate of this machine, made and renewed by itself.'),
})

const serverId = z.string().min(1).max(64)

export const configSchema: z.ZodType<ConfigFile> = z.strictObject({
  $schema: z.string().optional(),
  listen: z
    .union([z.int().min(0).max(65_535), listenBlock])
    .optional()
    .describe('Where to listen: a port of this machine (127.0.0.1 and ::1), or a block.'),
  servers: z.record(serverId, server).optional().describe('The servers to guard, by the name that they get here.'),
  mcpServers: z.record(serverId, server).optional().describe('The same, under the name that Claude and Cursor use for it.'),
  limits: z
    .strictObject({
      address: limit.optional().describe(`For each network address. Default ${LIMIT_MAX} in ${WINDOW_SECONDS} s.`),
      principal: limit.optional().describe(`For each person or key. Default ${LIMIT_MAX} in ${WINDOW_SECONDS} s.`),
      client: limit.optional().describe(`For each program of a person. Default ${LIMIT_MAX} in ${WINDOW_SECONDS} s.`),
      tool: limit.optional().describe(`For each tool and person. Default ${LIMIT_MAX} in ${WINDOW_SECONDS} s.`),
      bodyBytes: boundsShape.bodyBytes.describe(`Largest request. Default ${gatewayBounds.bodyBytes}.`),
      argumentBytes: boundsShape.argumentBytes.describe(
        `Longest text among the arguments of a call: what is longer is sent by reference. Default ${gatewayBounds.argumentBytes}.`,
      ),
      depth: boundsShape.depth.describe(`How deep a request may be nested. Default ${gatewayBounds.depth}.`),
      listItems: boundsShape.listItems.describe(`How long a list in a request may be. Default ${gatewayBounds.listItems}.`),
      resultBytes: boundsShape.resultBytes.describe(`Largest result. Default ${gatewayBounds.resultBytes}, at most ${MAX_BYTES}.`),
      deadlineSeconds: boundsShape.deadlineSeconds.describe(`How long a call may take. Default ${gatewayBounds.deadlineSeconds}.`),
      concurrency: boundsShape.concurrency.describe(
        `How many calls of one person or key may run at once. Default ${gatewayBounds.concurrency}.`,
      ),
      references: boundsShape.references.describe('What callers may put here to refer to it.'),
    })
    .optional()
    .describe('Bounds on what callers may ask for.'),
  auth: authBlock.optional().describe('Who issues tokens. Default: the authorization server in here.'),
  results: resultsSchema.optional().describe("How much of a tool's result is sent, and what becomes of the rest."),
  personal: personalOptionsSchema
    .optional()
    .describe('What becomes of personal data in everything that is answered, and who may read what stands for it. Default: it stays.'),
  catalogue: catalogueSchema.optional().describe('How much of the tools a caller is told at once. Default: all.'),
  code: codeSchema
    .optional()
    .describe('A tool that runs code of callers, in a sandbox, which may call the tools that are named. Default: there is none.'),
  scopes: scopesSchema.optional().describe('Scopes that imply others, by name, and what people read of them before they allow them.'),
  local: z
    .strictObject({
      scopes: z.array(z.string().regex(SCOPE_PATTERN, 'must be a scope')).describe('What they may do, like [tools:read, tools:execute].'),
    })
    .optional()
    .describe('What whoever calls over stdio may do without a key. Default: nothing.'),
  retention: retentionSchema.optional().describe('How long data is kept, where that can be set. docs/retention.md has all of it.'),
  audit: auditSchema.optional().describe('What is kept beside the record of a call. Default: nothing.'),
  origins: z
    .array(z.string().regex(/^https?:\/\/[^/\s?#@]+$/, 'must be an origin, like https://app.example.com'))
    .optional()
    .describe('Web pages that may call, by origin. Default: none.'),
  log: z.enum(['debug', 'info', 'warn', 'error', 'silent']).optional().describe('What to log, on stderr. Default info.'),
  dataDir: text.optional().describe("Where keys, accounts and the audit record are kept. Default: the platform's data directory."),
  keys: z
    .strictObject({
      kms: text
        .optional()
        .describe(
          'A module for the key management service that all is sealed under, from the folder of this file, like ./kms.ts (docs/vault.md). Or SALLYPORT_KMS names it, not both.',
        ),
    })
    .optional()
    .describe('What all that is stored is sealed under. Default: the file master.key in the data directory.'),
})

/** What editors are given: `schema.json` is this, written out. */
export function configJsonSchema(): Record<string, unknown> {
  const { $schema, ...schema } = z.toJSONSchema(configSchema, { io: 'input', target: 'draft-7' }) as Record<string, unknown>
  return { $schema, title: 'sallyport.yaml', ...schema }
}
