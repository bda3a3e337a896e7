// The public surface of the package: adding a name here is a decision.

export * from './client-entry.ts'
export {
  createLog,
  createRedactor,
  type InputRequest,
  type InputResponses,
  type Principal,
  type Redactor,
  type ReferencedContent,
} from './core/index.ts'
export {
  type Config,
  configJsonSchema,
  createGuard,
  type Guard,
  type GuardOptions,
  type LoadConfigOptions,
  loadConfig,
} from './gateway/index.ts'
export {
  type AuthOptions,
  asContent,
  type CallContext,
  type Definitions,
  type DirectoryDefinition,
  directory,
  elicit,
  elicitUrl,
  InputRequired,
  type Listening,
  listRoots,
  MCPServer,
  type MCPServerOptions,
  type ModuleContext,
  type Permissions,
  type PromptDefinition,
  prompt,
  type ResourceDefinition,
  type ResourceTemplateDefinition,
  resource,
  resourceTemplate,
  sample,
  type ToolDefinition,
  ToolError,
  type ToolExplanation,
  type ToolResult,
  tool,
  toolsFrom,
} from './server/index.ts'
export type { KeyWrapper, Wrapped } from './vault/index.ts'
