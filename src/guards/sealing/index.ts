export { createPayloadKeys } from './keys.ts'
export { createSealing, type Sealing } from './sealing.ts'
