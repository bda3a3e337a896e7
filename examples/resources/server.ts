// Resources of each kind: one that changes, one for each city, and a folder. Whoever subscribes hears of changes.

import { fileURLToPath } from 'node:url'
import { directory, MCPServer, resource, resourceTemplate } from 'sallyport'

let visitors = 0
export const counter = resource({
  uri: 'stats://visitors',
  name: 'Visitors',
  mimeType: 'application/json',
  ttlMs: 1_000,
  read: () => JSON.stringify({ visitors }),
})

const cities: Readonly<Record<string, string>> = { bonn: 'Rain', oslo: 'Snow' }
const weather = resourceTemplate({
  uriTemplate: 'weather://{city}',
  name: 'Weather',
  variables: { type: 'object', properties: { city: { type: 'string', maxLength: 40, pattern: '^[a-z]+$' } }, required: ['city'] },
  complete: { city: (typed) => Object.keys(cities).filter((city) => city.startsWith(typed)) },
  // Undefined is "there is no such resource": never an empty answer.
  read: ({ city }) => cities[city],
})

/** Nothing outside the folder can be read, whatever is asked for and whatever links are put into it. */
const notes = directory({ uri: 'file:///notes/', name: 'Notes', path: fileURLToPath(new URL('../notes/notes', import.meta.url)) })

export const server = new MCPServer({
  name: 'resources',
  port: Number(process.env['PORT'] ?? 7777),
  resources: [counter, notes],
  resourceTemplates: [weather],
})

export function visit(): void {
  visitors++
  server.resourceUpdated(counter.uri)
}

if (import.meta.main) {
  await server.listen()
  setInterval(visit, 5_000)
}
