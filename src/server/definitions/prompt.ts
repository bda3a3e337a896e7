/**
 * A prompt as its author writes it: a template with `{{placeholders}}`, whose values cannot change the text around them
 * (`src/trust`), or a function that makes the messages. `prompt({ … })` gives it back as it is, typed by its parameters.
 *
 * @module
 */

import type { JsonObject } from '../../core/index.ts'
import type { Complete } from './completion.ts'
import type { CallContext } from './context.ts'
import type { ParametersOf, SchemaInput } from './infer.ts'
import type { InputRequired } from './input-required.ts'
import type { Permissions } from './permissions.ts'
import type { Icon } from './tool.ts'
import type { ContentBlock } from './tool-result.ts'

export interface RenderedMessage {
  readonly role: 'user' | 'assistant'
  readonly content: ContentBlock
}
/** A text is one message of the user's. */
export type PromptAnswer =
  | string
  | readonly RenderedMessage[]
  | { readonly description?: string; readonly messages: readonly RenderedMessage[]; readonly _meta?: JsonObject }
  | InputRequired

export interface PromptDefinition<Parameters = SchemaInput | undefined> {
  readonly name: string
  readonly title?: string
  readonly description?: string
  readonly icons?: readonly Icon[]
  readonly _meta?: JsonObject
  /** A flat object: on the wire every argument of a prompt is a text. */
  readonly parameters?: Parameters
  /** Who may get it; without: whoever has the scope `prompts:read`. */
  readonly permissions?: Permissions
  /** Suggestions for a parameter; without: what its `enum` lists. */
  readonly complete?: { readonly [Name in keyof ParametersOf<Parameters>]?: Complete }
  /** Lines of text; a line that begins with `System:` or `Assistant:` is that role's. */
  readonly template?: string
  /** Instead of a template. */
  render?(params: ParametersOf<Parameters>, context: CallContext): PromptAnswer | Promise<PromptAnswer>
}

/** Some prompt, whatever it takes. */
export interface AnyPrompt {
  readonly name: string
  readonly template?: string
  render?(params: never, context: CallContext): unknown
}

export type Prompts<All extends readonly unknown[]> = { readonly [Index in keyof All]: PromptDefinition<All[Index]> }

export function prompt<const Parameters extends SchemaInput | undefined = undefined>(
  definition: PromptDefinition<Parameters>,
): PromptDefinition<Parameters> {
  return definition
}
