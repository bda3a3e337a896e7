export { type Bounds, type BoundsOptions, boundsShape, defaultBounds, MAX_BYTES, toBounds } from './bounds.ts'
export { type CodeOptions, type CodeSettings, codeSchema, toCodeSettings } from './code/index.ts'
export { createService } from './create-service.ts'
export {
  asContent,
  type CallContext,
  elicit,
  elicitUrl,
  InputRequired,
  listRoots,
  type ModuleContext,
  type Permissions,
  type PromptDefinition,
  prompt,
  sample,
  type ToolDefinition,
  ToolError,
  type ToolResult,
  tool,
} from './definitions/index.ts'
export { explainCode, type ToolExplanation } from './explain.ts'
export { type Inventory, readInventories } from './inventory.ts'
export { type Listen, type MountedIn, originsOf, siteOf } from './listen.ts'
export { type Listening, MCPServer } from './mcp-server.ts'
export {
  type DirectoryDefinition,
  directory,
  type ResourceDefinition,
  type ResourceTemplateDefinition,
  resource,
  resourceTemplate,
} from './resources/index.ts'
export { type AuthOptions, authShape, type Definitions, type MCPServerOptions } from './server-options.ts'
export type { HttpService, ServiceOptions } from './service.ts'
export { toolsFrom } from './tool-folder.ts'
