/** The configuration once it is read: complete, frozen, every value in place. @module */

import type { CatalogueRules } from '../../catalogue/index.ts'
import type { Level, Limit, ScopeDeclarations } from '../../core/index.ts'
import type { PersonalOptions, Results } from '../../guards/index.ts'
import type { AuditOptions, RetentionOptions } from '../../retention/index.ts'
import type { AuthOptions, Bounds, CodeSettings, Listen } from '../../server/index.ts'
import type { AuditRule, ReleaseRule, ToolRule } from '../import/classify.ts'
import type { ReferenceRule } from '../import/references.ts'
import type { Written } from '../launch/written.ts'
import type { Templates } from '../secrets/template.ts'
import type { Command, Endpoint } from '../upstream/index.ts'
import type { ServerSandbox } from './sandbox.ts'
import type { UpstreamAuth } from './upstream-auth.ts'

export interface Config {
  /** The file it was read from; undefined where there is none. */
  readonly file: string | undefined
  /** The same, where it was named and not looked for: whoever is told to type something has to name it as well. */
  readonly named?: string | undefined
  /** On both loopback addresses unless told. What goes together is judged by the service. */
  readonly listen: Listen
  /** In the order of the file: where two have the same name for something, the first keeps it. */
  readonly servers: readonly ServerConfig[]
  readonly rates: Rates
  readonly bounds: Bounds
  /** What is sent of large results, and what becomes of the rest. */
  readonly results: Results
  /** What becomes of personal data, and who may read what stands for it. */
  readonly personal: PersonalOptions
  readonly auth: AuthOptions | undefined
  /** How much of the tools is told at once. Undefined: all. */
  readonly catalogue?: CatalogueRules | undefined
  /** What of callers' code runs, and what it may call. */
  readonly code?: CodeSettings | undefined
  /** Which scopes imply others. */
  readonly scopes: ScopeDeclarations
  /** What whoever calls over stdio without a key may do. */
  readonly local: { readonly scopes: readonly string[] }
  /** How long data is kept, where that can be set. */
  readonly retention: RetentionOptions
  /** What is kept beside the record of a call. */
  readonly audit: AuditOptions
  /** Web origins that may call. */
  readonly origins: readonly string[]
  readonly log: Level | 'silent'
  /** Absolute; undefined: the platform's place. */
  readonly dataDir: string | undefined
  /** Absolute: the module for a key management service, where there is one. */
  readonly kms: string | undefined
  /** What is allowed but should be looked at, a line each. */
  readonly warnings: readonly string[]
}

export interface ServerConfig {
  /** In names on our wire, logs and sentences: letters, digits, `-`, and single `_`. */
  readonly id: string
  readonly target: Command | Endpoint
  /** What keeps its command to what it was granted. Undefined: it is no command. */
  readonly sandbox?: ServerSandbox | undefined
  /** How it is started or where it is, as the file has it: what a person accepted once. Undefined: it was typed by whoever starts this. */
  readonly written?: Written | undefined
  /** In the order of the file; the first that matches counts. */
  readonly tools: readonly ToolRule[]
  /** What leaves of its tools' results; the first that matches counts. */
  readonly release?: readonly ReleaseRule[] | undefined
  /** Of which of its tools arguments are kept beside the audit; the first that matches counts. */
  readonly audit?: readonly AuditRule[] | undefined
  /** In the order of the file; the first that matches counts. */
  readonly references?: readonly ReferenceRule[] | undefined
  readonly timeoutSeconds: number | undefined
  /** Values that are handed to it and must never come back. */
  readonly secrets: readonly string[]
  /** How its callers are known there. Undefined: as it asks for. */
  readonly auth?: UpstreamAuth | undefined
  /** Variables or headers with named secrets in them, which are filled in where they are used. Undefined: there are none. */
  readonly named?: Templates | undefined
  /** How many processes for people there may be at once, and how long one may be idle. */
  readonly perPerson?: { readonly processes?: number | undefined; readonly idleSeconds?: number | undefined } | undefined
}

/** How often each may ask. */
export interface Rates {
  readonly address: Limit
  readonly principal: Limit
  readonly client: Limit
  readonly tool: Limit
}
