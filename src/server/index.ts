export { type Bounds, createEngine, type Engine, type EngineOptions } from './engine.ts'
export { createService, type Service, type ServiceOptions } from './service.ts'
