/**
 * The configuration file as it is written, and the strict schema that it must satisfy. `schema.json` at the root of the
 * package is made of this (`configJsonSchema`), so that editors know what programs do.
 *
 * @module
 */

import { z } from 'zod'
import { type CatalogueSettings, catalogueSchema } from '../../catalogue/index.ts'
import { SCOPE_PATTERN, type ScopeDeclarations, scopesSchema } from '../../core/index.ts'
import { type PersonalOptions, personalOptionsSchema, type ResultsOptions, resultsSchema } from '../../guards/index.ts'
import { type AuditOptions, auditSchema, type RetentionOptions, retentionSchema } from '../../retention/index.ts'
import { type CodeOptions, codeSchema } from '../../server/index.ts'
import { type AuthEntry, authBlock } from './auth.ts'
import { type LimitsEntry, limitsSchema } from './limits.ts'
import { type ListenEntry, listenSchema } from './listen.ts'
import { type ServerEntry, serverSchema } from './server-entry.ts'

export interface ConfigFile {
  $schema?: string | undefined
  listen?: number | ListenEntry | undefined
  servers?: Record<string, ServerEntry> | undefined
  mcpServers?: Record<string, ServerEntry> | undefined
  limits?: LimitsEntry | undefined
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

const text = z.string().min(1).max(65_536)
const serverId = z.string().min(1).max(64)

export const configSchema: z.ZodType<ConfigFile> = z.strictObject({
  $schema: z.string().optional(),
  listen: listenSchema.optional().describe('Where to listen: a port of this machine (127.0.0.1 and ::1), or a block.'),
  servers: z.record(serverId, serverSchema).optional().describe('The servers to guard, by the name that they get here.'),
  mcpServers: z.record(serverId, serverSchema).optional().describe('The same, under the name that Claude and Cursor use for it.'),
  limits: limitsSchema.optional().describe('Bounds on what callers may ask for.'),
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
