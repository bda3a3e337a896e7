export { type Catalogue, createCatalogue } from './catalogue.ts'
export { createFunctionExecutor, type ToolFunction } from './function-executor.ts'
export { createOwnMethods, type OwnMethod, type OwnMethods, type OwnMethodsOptions } from './own-methods.ts'
export { permits, type Verdict } from './permits.ts'
export {
  type ArgumentCheck,
  type Checks,
  type CompiledCheck,
  compileCheck,
  createChecks,
  type Mirrors,
  mirrorsOf,
  promptCheck,
  type UnderstoodSchema,
} from './schema/index.ts'
