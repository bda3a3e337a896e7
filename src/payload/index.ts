export {
  handleOf,
  readAgreeWord,
  readCallEncryption,
  readRefusal,
  readToolEncryption,
  toAgreeWord,
  toRefusalLine,
} from './agreeing.ts'
export { type ContentKeys, createContentKeys } from './content-keys.ts'
export {
  bindingOf,
  createCallId,
  type FieldHeader,
  looksSealed,
  openField,
  type ParsedField,
  parseField,
  sealField,
} from './field.ts'
export { parseJwk, publicJwkOf, thumbprintOf } from './jwk.ts'
export { argumentPointer, fromWireSchema, resultPointer, sealedPathOf, takeMarks, toWireSchema } from './marks.ts'
export { type Path, valueAt, veil, withValue } from './places.ts'
export {
  type Agreement,
  followSuccession,
  MAX_SUCCESSIONS,
  stateAgreement,
  stateKeys,
  stateSuccession,
  verifyAgreement,
  verifyKeys,
} from './statement.ts'
export {
  type CallEncryption,
  ENCRYPTION,
  MAX_AGE_SECONDS,
  type OkpJwk,
  type RefusedEncryption,
  SKEW_SECONDS,
  type Statement,
  type ToolEncryption,
  USED_FOR_SECONDS,
  WIRE_MARK,
  WIRE_PLAIN,
} from './words.ts'
