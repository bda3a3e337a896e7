export {
  type Completable,
  type Complete,
  type Completer,
  type CompletionAnswer,
  type CompletionContext,
  createCompleter,
} from './completion.ts'
export { contentProblem } from './content.ts'
export { type CallContext, RunningContext } from './context.ts'
export type { AnswerOf, FromSchema, ParametersOf, SchemaInput } from './infer.ts'
export { InputRequired, toInput } from './input-required.ts'
export {
  type CompileCondition,
  type Permissions,
  type Permitted,
  type ProtectedPermissions,
  toPermission,
} from './permissions.ts'
export { type AnyPrompt, type PromptAnswer, type PromptDefinition, type Prompts, prompt, type RenderedMessage } from './prompt.ts'
export { type PromptEntryOptions, promptEntry } from './prompt-entry.ts'
export { elicit, elicitUrl, type FormRequest, listRoots, type SampleRequest, sample, type UrlRequest } from './requests.ts'
export { checkName, checkText, readDisplay, reportFor } from './shape.ts'
export { isStandardSchema, type StandardIssue, type StandardResult, type StandardSchema } from './standard-schema.ts'
export {
  type AnyTool,
  type Icon,
  type ListedTool,
  type ToolAnnotations,
  type ToolAnswer,
  type ToolDefinition,
  type ToolResult,
  type Tools,
  type ToolTask,
  tool,
} from './tool.ts'
export { type EntryOptions, toolEntry } from './tool-entry.ts'
export { type Annotations, type ContentBlock, ToolError, toToolResult } from './tool-result.ts'
export { checkKeys, type Report } from './unknown-keys.ts'
