export { createKeptEntry } from './entry.ts'
export { createKeptResources, type KeptBounds } from './kept-resources.ts'
export { createKeptMethods } from './own-methods.ts'
