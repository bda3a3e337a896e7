// What a template's reader gets, by its schema and its URI. Compiled by `resources.test.ts`, with these notes and without.

import { z } from 'zod'
import { resourceTemplate } from '../../src/server/resources/index.ts'

resourceTemplate({
  uriTemplate: 'db://{table}/{+path}{?limit,order}',
  name: 'JSON Schema: what stands before the "?" is always there',
  variables: {
    type: 'object',
    properties: { table: { type: 'string' }, path: { type: 'string' }, limit: { type: 'integer' }, order: { enum: ['up', 'down'] } },
  },
  read({ table, path, limit, order }) {
    const always: [string, string] = [table, path]
    const perhaps: [number | undefined, 'up' | 'down' | undefined] = [limit, order]
    // @ts-expect-error: it may be absent
    const number: number = limit
    // @ts-expect-error: one of two texts
    const other: 'left' | undefined = order
    return JSON.stringify([always, perhaps, number, other])
  },
})

resourceTemplate({
  uriTemplate: 'x://{id}{?more}',
  name: 'without a schema each is a text',
  read({ id, more }) {
    const text: string = id
    // @ts-expect-error: it may be absent
    const further: string = more
    return text + further
  },
})

resourceTemplate({
  uriTemplate: 'x://{id}',
  name: 'a Standard Schema: what it makes of them',
  variables: z.object({ id: z.string().transform(Number) }),
  read({ id }) {
    const number: number = id
    // @ts-expect-error: a number by now
    const text: string = id
    return `${number}${text}`
  },
})

// @ts-expect-error: what `read` answers is a text, bytes or contents
resourceTemplate({ uriTemplate: 'x://{id}', name: 'x', read: () => 7 })
