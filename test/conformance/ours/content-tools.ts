// Tools that answer with each kind of content, and one that fails.

import { type ToolDefinition, ToolError, tool } from '../../../src/index.ts'
import { PNG, WAV } from '../fixture/content.ts'

const annotations = { readOnlyHint: true }
const image = { type: 'image', data: PNG, mimeType: 'image/png' } as const

export const contentTools: readonly ToolDefinition[] = [
  tool({
    name: 'test_simple_text',
    description: 'Answers with text',
    annotations,
    execute: () => 'This is a simple text response for testing.',
  }),
  tool({
    name: 'test_image_content',
    description: 'Answers with an image',
    annotations,
    execute: () => ({ content: [image] }),
  }),
  tool({
    name: 'test_audio_content',
    description: 'Answers with audio',
    annotations,
    execute: () => ({ content: [{ type: 'audio', data: WAV, mimeType: 'audio/wav' }] }),
  }),
  tool({
    name: 'test_embedded_resource',
    description: 'Answers with an embedded resource',
    annotations,
    execute: () => ({
      content: [
        {
          type: 'resource',
          resource: { uri: 'test://embedded-resource', mimeType: 'text/plain', text: 'This is an embedded resource content.' },
        },
      ],
    }),
  }),
  tool({
    name: 'test_multiple_content_types',
    description: 'Answers with text, image and resource',
    annotations,
    execute: () => ({
      content: [
        { type: 'text', text: 'Multiple content types test:' },
        image,
        {
          type: 'resource',
          resource: { uri: 'test://mixed-content-resource', mimeType: 'application/json', text: '{"test":"data","value":123}' },
        },
      ],
    }),
  }),
  tool({
    name: 'test_error_handling',
    description: 'Always fails',
    annotations,
    execute: () => {
      throw new ToolError('This tool intentionally returns an error for testing')
    },
  }),
]
