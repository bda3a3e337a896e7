/**
 * What an `MCPServer` may be told, and the strict schema of it. Definitions, limits, CORS and where it is reached have schemas of
 * their own; here is the rest, and that nothing is there which nobody knows.
 *
 * @module
 */

import { z } from 'zod'
import { type CatalogueSettings, catalogueSchema } from '../catalogue/index.ts'
import { type Log, SCOPE_PATTERN, type ScopeDeclarations, scopesSchema } from '../core/index.ts'
import { type PersonalOptions, personalOptionsSchema, type RateLimitOptions, type ResultsOptions, resultsSchema } from '../guards/index.ts'
import {
  type CimdMode,
  cimdModes,
  type ExternalIssuerOptions,
  externalShape,
  refineAuth,
  type TrustedIssuer,
  trustedIssuersSchema,
} from '../oauth/index.ts'
import { type SignInProvider, signInSchema } from '../people/index.ts'
import { type AuditOptions, auditSchema, type RetentionOptions, retentionSchema } from '../retention/index.ts'
import type { CorsOptions } from '../transports/index.ts'
import { isKeyWrapper, type KeyWrapper } from '../vault/index.ts'
import { type BoundsOptions, boundsShape } from './bounds.ts'
import { type CodeOptions, codeSchema } from './code/index.ts'
import type { AnyPrompt, AnyTool, Prompts, Tools } from './definitions/index.ts'
import { type Listen, listenShape } from './listen.ts'
import { type ModuleOptions, moduleOptionsSchema } from './module-options.ts'
import type { AnyTemplate, DirectoryDefinition, ResourceDefinition } from './resources/index.ts'

/** What a server offers. May be replaced while it runs (`MCPServer.update`). */
export interface Definitions {
  readonly tools?: readonly AnyTool[] | undefined
  readonly prompts?: readonly AnyPrompt[] | undefined
  readonly resources?: readonly (ResourceDefinition | DirectoryDefinition)[] | undefined
  readonly resourceTemplates?: readonly AnyTemplate[] | undefined
}

export interface MCPServerOptions extends Definitions, Partial<Listen> {
  /** What clients show, and what the audit calls it; `mcp-server` unless told. */
  readonly name?: string | undefined
  readonly version?: string | undefined
  readonly title?: string | undefined
  /** What a model should know before it uses anything here. */
  readonly instructions?: string | undefined
  /** Where accounts, keys, grants and the audit are: the folder that `sallyport --data-dir` names. The platform's place unless told. */
  readonly dataDir?: string | undefined
  /** What all that is stored sealed is sealed under, where that is no master key of this machine's. */
  readonly keys?: KeysOptions | undefined
  /** Web pages of other origins that may use the server. Nobody's unless told. */
  readonly cors?: CorsOptions | undefined
  readonly rateLimit?: RateLimitOptions | undefined
  readonly auth?: AuthOptions | undefined
  /** How much of the tools a caller is told at once: descriptions cut, or a search in place of a long list. All unless told. */
  readonly catalogue?: CatalogueSettings | undefined
  /** A tool that runs code of callers, in a sandbox, which may call the tools that are named here. Not there unless told. */
  readonly code?: CodeOptions | undefined
  /** Scopes that imply others, and what people read of scopes before they allow them. */
  readonly scopes?: ScopeDeclarations | undefined
  /** Bounds on what is read, run and answered. */
  readonly limits?: BoundsOptions | undefined
  /** How much of a tool's result is sent, and what becomes of the rest. */
  readonly results?: ResultsOptions | undefined
  /** What becomes of personal data in what is answered, and who may read what stands for it; it stays unless told. */
  readonly personal?: PersonalOptions | undefined
  /** How long data is kept, where that can be set; `docs/retention.md` has all of it. */
  readonly retention?: RetentionOptions | undefined
  /** What is kept beside the record of a call; nothing unless told. */
  readonly audit?: AuditOptions | undefined
  /** What the local user may do where the server runs over stdio without a key; the standard scopes unless told. */
  readonly localScopes?: readonly string[] | undefined
  /** The children in which tools that are modules run. What each may do is said with the tool. */
  readonly sandbox?: ModuleOptions | undefined
  /**
   * Makes an error of what is otherwise warned of at the start (fields without bounds, a sandbox that lacks something), and of a
   * destructive tool that is a function in this process.
   */
  readonly strict?: boolean | undefined
  /** What happens, a line each; on stderr unless told. `false`: nothing. */
  readonly log?: Log | false | undefined
}

export interface KeysOptions {
  /** A key management service, which wraps the data keys; `SALLYPORT_KMS` names a module that exports one. */
  readonly kms?: KeyWrapper | undefined
}

/** The same, where what each inline definition takes is inferred from its schema. */
export interface InferredOptions<Tool extends readonly unknown[], Prompt extends readonly unknown[]>
  extends Omit<MCPServerOptions, 'tools' | 'prompts'> {
  readonly tools?: Tools<Tool> | undefined
  readonly prompts?: Prompts<Prompt> | undefined
}

export interface AuthOptions extends Omit<ExternalIssuerOptions, 'issuer'> {
  /** Somebody else's authorization server in place of our own: exactly as its metadata and its tokens write it. */
  readonly issuer?: ExternalIssuerOptions['issuer'] | undefined
  /** Whose people (ID-JAG) and workloads our authorization server lets in on their issuer's word. */
  readonly trustedIssuers?: readonly TrustedIssuer[] | undefined
  /** Identity providers at which people sign in to our authorization server. */
  readonly signIn?: readonly SignInProvider[] | undefined
  /** Whether people sign in with accounts that are kept here, too: passwords and passkeys. They do unless told. */
  readonly localAccounts?: boolean | undefined
  /**
   * Whether clients may come with a URL of theirs for an id, which is then fetched; `auto` unless told: it is offered while this
   * machine reaches the internet.
   */
  readonly cimd?: CimdMode | undefined
  /** How many days a key signs access tokens before the next one does; 90 unless told. */
  readonly signingKeyDays?: number | undefined
  /**
   * Whether every DPoP proof must carry a nonce of this server (RFC 9449 §9), so that none can be made in advance; not unless told.
   * Clients are given one when they need it, and ask once more.
   */
  readonly requireDpopNonce?: boolean | undefined
  /**
   * Serves callers without any credential, who then have all standard scopes. Only at loopback, for tests and trials: every web page
   * and every program of this machine is such a caller.
   */
  readonly dangerouslyAllowAnonymous?: boolean | undefined
}

/** What a file may say too. */
export const authShape: {
  readonly [Name in Exclude<keyof AuthOptions, 'dangerouslyAllowAnonymous'>]-?: z.ZodType<AuthOptions[Name] | undefined>
} = {
  ...externalShape,
  cimd: z
    .enum(cimdModes)
    .optional()
    .describe(
      'Whether clients may come with a URL of theirs for an id (CIMD). auto: offered while this machine reaches the internet. Default auto.',
    ),
  signingKeyDays: z
    .int()
    .min(1)
    .max(3650)
    .optional()
    .describe('How many days a key signs access tokens before the next one does. Default 90.'),
  requireDpopNonce: z
    .boolean()
    .optional()
    .describe('Whether every DPoP proof must carry a nonce of this server, so that none can be made in advance. Default false.'),
  signIn: signInSchema.optional().describe('Identity providers at which people sign in: Google, Entra, Okta, Auth0, Keycloak and others.'),
  localAccounts: z
    .boolean()
    .optional()
    .describe('Whether people sign in with accounts that are kept here: passwords and passkeys. Default true.'),
  trustedIssuers: trustedIssuersSchema.optional().describe("Issuers whose people (ID-JAG) and workloads are let in on the issuer's word."),
}

const anything = z.unknown().optional()

const shape = {
  name: z
    .string()
    .regex(/^[\w.@/ -]{1,128}$/, 'must be 1 to 128 letters, digits, spaces or any of "_-./@"')
    .optional(),
  version: z.string().min(1).max(64).optional(),
  title: z.string().min(1).max(128).optional(),
  instructions: z.string().max(16_384).optional(),
  dataDir: z.string().min(1).optional(),
  keys: z.strictObject({ kms: z.custom<KeyWrapper>(isKeyWrapper, 'needs the methods current, wrap and unwrap').optional() }).optional(),
  auth: z
    .strictObject({ dangerouslyAllowAnonymous: z.boolean().optional(), ...authShape })
    .superRefine(refineAuth)
    .optional(),
  catalogue: catalogueSchema.optional(),
  code: codeSchema.optional(),
  scopes: scopesSchema.optional(),
  limits: z.strictObject(boundsShape).optional(),
  results: resultsSchema.optional(),
  personal: personalOptionsSchema.optional(),
  retention: retentionSchema.optional(),
  audit: auditSchema.optional(),
  localScopes: z.array(z.string().regex(SCOPE_PATTERN, 'must be a scope (RFC 6749 §3.3)')).max(1_000).optional(),
  sandbox: moduleOptionsSchema.optional(),
  strict: z.boolean().optional(),
  log: z.custom<Log | false>((value) => value === false || typeof value === 'function', 'must be a function, or false').optional(),
}
/** Each is read elsewhere. */
const elsewhere = ['tools', 'prompts', 'resources', 'resourceTemplates', 'cors', 'rateLimit'] as const

export const optionsSchema: z.ZodType<object> = z.strictObject({
  ...shape,
  ...listenShape,
  ...Object.fromEntries(elsewhere.map((name) => [name, anything])),
})
