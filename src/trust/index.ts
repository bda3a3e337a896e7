export { createArgumentsCheck, declareArguments, readArguments } from './arguments.ts'
export { type Parameter, type Parameters, readParameters } from './parameters.ts'
export {
  type CompiledPrompt,
  compilePrompt,
  type PromptDefinition,
  type PromptMessage,
  type RenderedPrompt,
  type RenderOptions,
} from './prompt.ts'
export { type CheckedPromptOutput, checkPromptOutput, REMOVED, type Reference, type RemovedFrom } from './prompt-output.ts'
export { type CleanText, cleanText, type HiddenKind, mayHideText, type Removed } from './unicode.ts'
