/** The table of methods, and what is read off it. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { kindOf, methodOf, namedBy } from '../../src/protocol/index.ts'

test('a method names what it concerns by what its kind says, and Mcp-Name mirrors that', () => {
  const mirrored = { 'tools/call': 'name', 'prompts/get': 'name', 'resources/read': 'uri', 'tasks/get': 'taskId', 'tasks/cancel': 'taskId' }
  for (const [method, parameter] of Object.entries(mirrored)) assert.equal(namedBy(method), parameter, method)
  // Nobody mirrors what a legacy method names, and a property of every object is no method.
  for (const method of ['resources/subscribe', 'tools/list', 'server/discover', 'tasks/list', 'constructor', '__proto__', ''])
    assert.equal(namedBy(method), undefined, method)
})

test('the kind of a method is the same in every era that has it, and there is none beyond the table', () => {
  for (const method of ['tools/list', 'tasks/update', 'completion/complete', 'resources/subscribe'])
    for (const era of ['modern', 'legacy'] as const) assert.ok([undefined, kindOf(method)].includes(methodOf(method, era)?.kind))
  assert.deepEqual(['tools/list', 'tasks/get', 'tasks/result', 'secrets/list', 'toString'].map(kindOf), [
    'list',
    'task',
    undefined,
    undefined,
    undefined,
  ])
})
