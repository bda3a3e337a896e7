export { createReadInside, type ReadInside, type ReadStages } from './read-inside.ts'
export { createResolveReferences, type Place, type ReferenceSource, type ResolveReferences } from './resolve.ts'
