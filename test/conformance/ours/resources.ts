// Resources that the suite lists, reads and subscribes to, and a template.

import { type ResourceDefinition, type ResourceTemplateDefinition, resource, resourceTemplate } from '../../../src/index.ts'
import { PNG } from '../fixture/content.ts'
import { suggest } from './words.ts'

export const resources: readonly ResourceDefinition[] = [
  resource({
    uri: 'test://static-text',
    name: 'static-text',
    description: 'A fixed text',
    mimeType: 'text/plain',
    read: () => 'This is the content of the static text resource.',
  }),
  resource({
    uri: 'test://static-binary',
    name: 'static-binary',
    description: 'A fixed image',
    mimeType: 'image/png',
    read: () => Buffer.from(PNG, 'base64'),
  }),
  resource({
    uri: 'test://watched-resource',
    name: 'watched-resource',
    description: 'To subscribe to',
    mimeType: 'text/plain',
    read: () => 'Watched.',
  }),
]

export const resourceTemplates: readonly ResourceTemplateDefinition[] = [
  resourceTemplate({
    uriTemplate: 'test://template/{id}/data',
    name: 'template',
    description: 'Fills in an id',
    mimeType: 'application/json',
    complete: { id: suggest },
    read: ({ id }) => JSON.stringify({ id, templateTest: true, data: `Data for ID: ${id}` }),
  }),
]
