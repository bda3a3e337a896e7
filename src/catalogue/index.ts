export {
  type CatalogueRules,
  type CatalogueSettings,
  catalogueSchema,
  type Ranking,
  rankingSteps,
  toCatalogueRules,
  type Weight,
} from './budget/index.ts'
export { type Catalogue, createCatalogue } from './catalogue.ts'
export { type CompiledCondition, compileCondition } from './condition/index.ts'
export { mayRead } from './may-read.ts'
export { createOwnMethods, type Extension, type Features, type OwnMethod, type OwnMethodsOptions } from './own-methods.ts'
export { createSubscriptions } from './subscriptions.ts'
export { createTaskIds, type TaskIds } from './task-ids.ts'
export { createWatches } from './watches.ts'
