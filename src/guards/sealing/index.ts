export { createPayloadKeys, type PayloadKeyInfo, type PayloadKeys } from './keys.ts'
export { createSealing, type Sealing } from './sealing.ts'
