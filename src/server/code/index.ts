export { createCode, requireCodeSandbox } from './code.ts'
export { FUNCTIONS } from './entries.ts'
export { callableBy } from './functions.ts'
export { type CodeOptions, type CodeSettings, codeSchema, RUN_CODE, toCodeSettings } from './options.ts'
