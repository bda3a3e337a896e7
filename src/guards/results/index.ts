export { type Budgets, createBudgets, type Room } from './budgets.ts'
export { createResultEntries, READ_RESULT } from './entries.ts'
export { createFlow, type Flow } from './flow.ts'
export {
  budgetShape,
  type ResultBudget,
  type Results,
  type ResultsOptions,
  resultsSchema,
  toResults,
} from './options.ts'
export { wholeCharacters } from './pieces.ts'
export { RANGE, rangeOf } from './read-range.ts'
export { createResultUris, type ResultUris } from './result-uri.ts'
export { createStatistics, readStatistics, type Statistic, type Statistics } from './statistics.ts'
export { createStoredResults, type Kept, type KeptResult, type StoredResults } from './stored-results.ts'
