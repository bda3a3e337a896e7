export { type ArgumentCheck, type CompiledCheck, compileCheck } from './argument-check.ts'
export { type Mirrors, mirrorsOf } from './mirrors.ts'
export { promptCheck } from './prompt-check.ts'
