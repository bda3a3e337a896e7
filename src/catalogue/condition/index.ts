export { compileCondition } from './compile-condition.ts'
