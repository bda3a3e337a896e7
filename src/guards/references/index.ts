export { createReadInside, type ReadStages } from './read-inside.ts'
export { createResolveReferences, type ReferenceSource, type ResolveReferences } from './resolve.ts'
