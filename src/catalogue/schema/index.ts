export { type ArgumentCheck, type CompiledCheck, compileCheck } from './argument-check.ts'
export { type Checks, createChecks, type UnderstoodSchema } from './checks.ts'
export { type Mirrors, mirrorsOf } from './mirrors.ts'
export { promptCheck } from './prompt-check.ts'
