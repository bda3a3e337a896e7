export { createLargeResults } from './large-results.ts'
export { compileOnly, projectStep } from './project.ts'
export { createRelease, type Release } from './release.ts'
export type { Leaving, Step, Steps } from './steps.ts'
