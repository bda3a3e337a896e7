export { canonicalHash, canonicalJson } from './canonical-json.ts'
export { covers, lacking, NEEDS_TASKS, TASKS, takesTasks } from './capabilities.ts'
export { contentProblem, isBase64, isMimeType, isTextual } from './content.ts'
export { isWithinDepth } from './depth.ts'
export {
  HEADER_MISMATCH,
  INTERNAL_ERROR,
  INVALID_PARAMS,
  INVALID_REQUEST,
  METHOD_NOT_FOUND,
  MISSING_CAPABILITY,
  PARSE_ERROR,
  UNSUPPORTED_VERSION,
  URL_ELICITATION_REQUIRED,
} from './error-codes.ts'
export { type JsonBounds, parseJson } from './json.ts'
export { toLine } from './line.ts'
export { mimeTypeOf } from './media-types.ts'
export { DEFAULT_LOG_LEVEL, idOf, isLogLevel, isObject, type LegacySession, parseMessage } from './message.ts'
export { META_PREFIX } from './meta.ts'
export { isAskable, isInternalMethod, kindOf, methodOf, namedBy } from './methods.ts'
export { type CacheScope, markPublic, toErrorCode, toResult } from './results.ts'
export { decodeSentinel, encodeSentinel } from './sentinel.ts'
export { MAX_URI_LENGTH, matchTemplate } from './uri-template.ts'
export { equivalenceKey, parseUriTemplate, type TemplateVariable, type UriTemplate, uriProblem } from './uri-variables.ts'
export { eraOf, LATEST_LEGACY_VERSION, MODERN_VERSION, SUPPORTED_VERSIONS } from './versions.ts'
