// Tools whose parameters say more than types: JSON Schema 2020-12, and an argument that is mirrored in a header.

import { type ToolDefinition, tool } from '../../../src/index.ts'

const annotations = { readOnlyHint: true }
const line = { type: 'string', maxLength: 200 } as const

export const schemaTools: readonly ToolDefinition[] = [
  tool({
    name: 'json_schema_2020_12_tool',
    description: 'Tool with JSON Schema 2020-12 features',
    annotations,
    parameters: {
      $schema: 'https://json-schema.org/draft/2020-12/schema',
      type: 'object',
      $defs: {
        address: { $anchor: 'addressDef', type: 'object', properties: { street: line, city: line } },
      },
      properties: {
        name: line,
        address: { $ref: '#/$defs/address' },
        contactMethod: { type: 'string', enum: ['phone', 'email'] },
        phone: line,
        email: line,
      },
      allOf: [{ anyOf: [{ required: ['phone'] }, { required: ['email'] }] }],
      if: { properties: { contactMethod: { const: 'phone' } }, required: ['contactMethod'] },
      // oxlint-disable-next-line unicorn/no-thenable -- a JSON Schema keyword
      then: { required: ['phone'] },
      else: { required: ['email'] },
      additionalProperties: false,
    },
    execute: (params) => JSON.stringify(params),
  }),
  tool({
    name: 'test_x_mcp_header',
    description: 'Has an argument that is mirrored in a header',
    annotations,
    parameters: {
      type: 'object',
      properties: {
        region: { type: 'string', maxLength: 200, description: 'Mirrored in Mcp-Param-Region', 'x-mcp-header': 'Region' },
      },
    },
    execute: ({ region = 'not given' }) => `region ${region}`,
  }),
]
