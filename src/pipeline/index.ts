export { createPipeline, type Pipeline, type Stages } from './pipeline.ts'
export { toTaskEnd } from './task-end.ts'
export type { Answer, Surroundings } from './wire.ts'
