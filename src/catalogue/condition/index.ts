export { type CompiledCondition, compileCondition } from './compile-condition.ts'
