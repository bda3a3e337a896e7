export { type Catalogue, type CatalogueOptions, createCatalogue } from './catalogue.ts'
export { type CompiledCondition, compileCondition } from './condition/index.ts'
export { mayRead, type Readable } from './may-read.ts'
export { createOwnMethods, type Features, type OwnMethod, type OwnMethods, type OwnMethodsOptions } from './own-methods.ts'
export { permits, type Verdict } from './permits.ts'
export {
  type ArgumentCheck,
  type Checks,
  type CompiledCheck,
  type CompiledResultCheck,
  compileCheck,
  compileResultCheck,
  createChecks,
  type Mirrors,
  mirrorsOf,
  type OwnSchema,
  promptCheck,
  type UnderstoodSchema,
  understandOwn,
} from './schema/index.ts'
export { createSubscriptions, type Subscriptions, type SubscriptionsOptions } from './subscriptions.ts'
export { createTaskIds, type TaskId, type TaskIds } from './task-ids.ts'
export { createWatches, type Watches } from './watches.ts'
