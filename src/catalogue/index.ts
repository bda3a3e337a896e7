export { type Catalogue, createCatalogue } from './catalogue.ts'
export { type CompiledCondition, compileCondition } from './condition/index.ts'
export { mayRead } from './may-read.ts'
export { createOwnMethods, type Features, type OwnMethod, type OwnMethodsOptions } from './own-methods.ts'
export {
  type Checks,
  compileCheck,
  compileResultCheck,
  createChecks,
  describeProblem,
  type Formats,
  mirrorsOf,
  type OwnSchema,
  promptCheck,
  type UnderstoodSchema,
  understandOwn,
} from './schema/index.ts'
export { createSubscriptions } from './subscriptions.ts'
export { createTaskIds, type TaskIds } from './task-ids.ts'
export { createWatches } from './watches.ts'
