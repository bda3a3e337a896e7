export { createRelease, type Release } from './release.ts'
export type { Leaving, Step } from './steps.ts'
