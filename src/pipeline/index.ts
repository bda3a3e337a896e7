export { createPipeline, type Pipeline, type Stages } from './pipeline.ts'
export type { Answer, Surroundings } from './wire.ts'
