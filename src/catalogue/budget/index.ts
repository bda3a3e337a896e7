export { type CatalogueBudget, createCatalogueBudget, type Weight } from './budget.ts'
export { type CatalogueRules, type CatalogueSettings, catalogueSchema, toCatalogueRules } from './options.ts'
export { type Ranking, rankingSteps } from './ranking.ts'
