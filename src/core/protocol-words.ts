/**
 * What every answer of the protocol is made of. A value that is in one of these cannot be kept out of results without breaking them for
 * everybody: somebody who calls a secret of theirs `complete`, or a guarded server whose tokens are called so, would do just that.
 *
 * @module
 */

const words = [
  // Members, and values that are told apart by (2025-11-25 and 2026-07-28 schema).
  'additionalProperties annotations arguments assistant blobResourceContents cacheScope cancelled capabilities clientCapabilities',
  'clientInfo complete completed completion completions contents contentSchema contentEncoding contentMediaType createdAt default',
  'dependentRequired dependentSchemas deprecated description destructiveHint elicitation elicitationId embeddedResource enumNames',
  'exclusiveMaximum exclusiveMinimum experimental extensions idempotentHint input_required inputRequests inputResponses inputSchema',
  'instructions io.modelcontextprotocol/ lastModified lastUpdatedAt listChanged maxProperties minProperties messages multipleOf nextCursor',
  'notifications openWorldHint outputSchema patternProperties pollInterval prefixItems progressToken properties propertyNames',
  'protocolVersion readOnlyHint requestState requestedSchema required resource_link resourceTemplates resources resultType serverInfo',
  'statusMessage structuredContent subscriptions supportedVersions templates unevaluatedItems unevaluatedProperties uniqueItems',
  'uriTemplate websiteUrl writeOnly',
  // What they are filled with.
  'application/json application/octet-stream image/jpeg image/png image/svg+xml text/html text/markdown text/plain charset=utf-8',
  'http://json-schema.org/draft-07/schema# https://json-schema.org/draft/2020-12/schema',
].join(' ')

/** Whether `value` is one, or a part of one. */
export const isProtocolWord = (value: string): boolean => !value.includes(' ') && words.includes(value)
