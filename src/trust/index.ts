export {
  type CompiledPrompt,
  compilePrompt,
  type PromptDefinition,
  type PromptMessage,
  type RenderedPrompt,
  type RenderOptions,
} from './prompt.ts'
export { type CheckedPromptOutput, checkPromptOutput, type PromptOutputOptions, type RemovedFrom } from './prompt-output.ts'
export { type CleanText, cleanText, type HiddenKind, mayHideText, type Removed } from './unicode.ts'
