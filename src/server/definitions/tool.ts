/**
 * A tool as its author writes it. `tool({ … })` gives it back as it is, with `execute`'s parameters and answer typed by its
 * schemas; a plain object without types is as good.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import type { RateOptions, ReleaseRuleOptions } from '../../guards/index.ts'
import type { AuditOptions } from '../../retention/index.ts'
import type { SandboxOptions } from '../../sandbox/index.ts'
import type { CallContext } from './context.ts'
import type { AnswerOf, ParametersOf, SchemaInput } from './infer.ts'
import type { InputRequired } from './input-required.ts'
import type { Permissions } from './permissions.ts'
import type { ContentBlock } from './tool-result.ts'

export interface Icon {
  readonly src: string
  readonly mimeType?: string
  readonly sizes?: readonly string[]
  readonly theme?: 'light' | 'dark'
}

/** Hints for whoever shows the tool to a person (2026-07-28 schema §ToolAnnotations). They decide nothing here. */
export interface ToolAnnotations {
  readonly title?: string
  readonly readOnlyHint?: boolean
  readonly destructiveHint?: boolean
  readonly idempotentHint?: boolean
  readonly openWorldHint?: boolean
}

/** A result as the wire has it. */
export interface ToolResult {
  readonly content: readonly ContentBlock[]
  readonly structuredContent?: unknown
  readonly isError?: boolean
  readonly _meta?: JsonObject
}

/** With an `outputSchema`: what it describes, or a whole result. Without: a text, a result, or anything that JSON can say. */
export type ToolAnswer<Output> = InputRequired | ToolResult | (undefined extends Output ? unknown : AnswerOf<Output>)

/** As a method, so that a list of definitions may hold those of every schema. */
interface Runs<Params, Answer> {
  execute(params: Params, context: CallContext): Answer
}

interface Described<Parameters> {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly annotations?: ToolAnnotations
  readonly icons?: readonly Icon[]
  readonly _meta?: JsonObject
  /** What it takes: a JSON Schema of type object, or a Standard Schema that emits one. Without: no arguments. */
  readonly parameters?: Parameters
  /** Who may call it; without: whoever has the scope `tools:execute`. */
  readonly permissions?: Permissions
  /** A budget of each caller for this tool, in place of the server's `rateLimit.tools`. */
  readonly rateLimit?: RateOptions
  /** How much one call counts against every budget; 1 unless told. */
  readonly cost?: number
  /** How many calls may run at once, of all callers together. */
  readonly concurrency?: number
  /** What is kept beside the record of a call, in place of the server's `audit`. */
  readonly audit?: AuditOptions
  readonly timeoutSeconds?: number
  /** What leaves of its results: which fields, how much, images as links. */
  readonly release?: ReleaseRuleOptions
  /** What a module may reach and use; its paths are relative to the module's folder. Nothing named is nothing granted. */
  readonly sandbox?: SandboxOptions
  /** Whether a call may become a task, or must (tasks extension). */
  readonly task?: 'optional' | 'required' | ToolTask<Parameters>
}

export interface ToolTask<Parameters> {
  readonly support: 'optional' | 'required'
  /** How long a task is kept, and how often its caller is told to ask. */
  readonly ttlMs?: number
  readonly pollIntervalMs?: number
  /** Asks what has to be known before there is a task: run until it answers something else than `context.ask(…)`. */
  before?(params: ParametersOf<Parameters>, context: CallContext): unknown
}

export interface ToolDefinition<Parameters = SchemaInput | undefined, Output = SchemaInput | undefined> extends Described<Parameters> {
  /** What its structured results look like. */
  readonly outputSchema?: Output
  /**
   * Gets what its parameters describe, validated. What it throws is opaque to the caller, unless it is a `ToolError`. A URL:
   * `new URL('./convert.ts', import.meta.url)`, a module whose default export is such a function; it runs in a sandbox.
   */
  readonly execute: Runs<ParametersOf<Parameters>, ToolAnswer<Output> | Promise<ToolAnswer<Output>>>['execute'] | URL
}

/** One of a list, where what it answers is not inferred. */
export interface ListedTool<Parameters> extends Described<Parameters> {
  readonly outputSchema?: SchemaInput | undefined
  readonly execute: Runs<ParametersOf<Parameters>, unknown>['execute'] | URL
}

/** Some tool, whatever it takes: for lists and options that are passed on. */
export interface AnyTool {
  readonly name: string
  readonly execute: Runs<never, unknown>['execute'] | URL
}

/** The type that infers what each inline definition of a list takes: `constructor(options: { tools?: Tools<All> })`. */
export type Tools<All extends readonly unknown[]> = { readonly [Index in keyof All]: ListedTool<All[Index]> }

export function tool<const Parameters extends SchemaInput | undefined = undefined>(
  definition: ToolDefinition<Parameters, undefined>,
): ToolDefinition<Parameters, undefined>
export function tool<const Output extends SchemaInput, const Parameters extends SchemaInput | undefined = undefined>(
  definition: ToolDefinition<Parameters, Output> & { readonly outputSchema: Output },
): ToolDefinition<Parameters, Output>
export function tool(definition: ToolDefinition): ToolDefinition {
  return definition
}
