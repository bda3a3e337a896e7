export { createKeptEntry } from './entry.ts'
export { createKeptResources, type KeptBounds, type KeptResource, type KeptResources } from './kept-resources.ts'
export { createKeptMethods, RESOURCES_EXTENSION } from './own-methods.ts'
