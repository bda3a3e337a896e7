// What a prompts/get may answer, whoever made it: shape, bounds, resources, hidden characters.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { isObject } from '../../src/protocol/index.ts'
import { checkPromptOutput } from '../../src/trust/index.ts'

const message = (content: unknown, role: unknown = 'user'): unknown => ({ role, content })
const say = (text: unknown): unknown => message({ type: 'text', text })

describe('a prompt’s answer', () => {
  it('of every kind that the specification has goes through as it is', () => {
    const result = {
      description: 'All kinds',
      _meta: { 'vendor/x': 1 },
      messages: [
        say('مرحبا 👩‍🚀\n'),
        message({ type: 'image', data: 'aGk=', mimeType: 'image/png', annotations: { priority: 1 } }, 'assistant'),
        message({ type: 'audio', data: '', mimeType: 'audio/wav; codecs=1' }),
        message({ type: 'resource_link', uri: 'file:///project/main.rs', name: 'main.rs', mimeType: 'text/x-rust' }),
        message({ type: 'resource', resource: { uri: 'test://static/1', text: 'x' } }),
        message({ type: 'resource', resource: { uri: 'test://static/2', blob: 'aGk=', mimeType: 'application/pdf' } }),
      ],
    }
    const references = [
      { at: 'messages/3/content/uri', uri: 'file:///project/main.rs' },
      { at: 'messages/4/content/resource/uri', uri: 'test://static/1' },
      { at: 'messages/5/content/resource/uri', uri: 'test://static/2' },
    ]
    assert.deepEqual(checkPromptOutput(result), { result, removed: [], references })
  })
  it('of a wrong shape is refused whole, naming the path and the rule and no value', () => {
    const cases: [unknown, string][] = [
      ['x', 'messages must be a list'],
      [Array(1_001).fill(say('x')), 'messages must NOT have more than 1000 items'],
      [['x'], 'messages/0 must be an object'],
      [[say('x'), message({ type: 'text', text: 'x' }, 'system')], 'messages/1/role must be user or assistant'],
      [[message(['x'])], 'messages/0/content must be an object'],
      [[message({ type: 'tool_use' })], 'messages/0/content/type must be text, image, audio, resource_link or resource'],
      [[say(1)], 'messages/0/content/text must be a string'],
      [[message({ type: 'image', data: '"/><script>', mimeType: 'image/png' })], 'messages/0/content/data must be base64'],
      [[message({ type: 'image', data: 'aGk=' })], 'messages/0/content/mimeType must be a media type'],
      [[message({ type: 'audio', data: 'aGk=', mimeType: 'audio\n/wav' })], 'messages/0/content/mimeType must be a media type'],
      [[message({ type: 'resource_link', uri: 'main.rs', name: 'x' })], 'messages/0/content/uri must be a URI'],
      [[message({ type: 'resource_link', uri: 'file:///a\u202eb', name: 'x' })], 'messages/0/content/uri must be a URI'],
      [[message({ type: 'resource_link', uri: 'file:///a' })], 'messages/0/content/name must be a string'],
      [[message({ type: 'resource', resource: { uri: 'a:b' } })], 'messages/0/content/resource must have either text or blob'],
      [
        [message({ type: 'resource', resource: { uri: 'a:b', text: 'x', blob: '' } })],
        'messages/0/content/resource must have either text or blob',
      ],
      [Array(5).fill(say('x'.repeat(1_000_000))), 'messages must NOT have more than 4194304 characters of text'],
    ]
    for (const [messages, problem] of cases) assert.deepEqual(checkPromptOutput({ messages }), { problem })
  })
  it('loses its hidden characters, and says so; the caller’s object is not written to', () => {
    const result = Object.freeze({
      description: 'a\u200bb',
      _meta: { 'vendor/x': 1 },
      messages: [say('x\u{e0041}\u{e0042}'), message({ type: 'resource', resource: { uri: 'a:b', text: 'y\x1b[8mz' } })],
    })
    const before = JSON.stringify(result)
    const removed = [
      { in: 'description', kind: 'zero-width', count: 1 },
      { in: 'messages/0/content/text', kind: 'tag', count: 2 },
      { in: 'messages/1/content/resource/text', kind: 'escape-sequence', count: 1 },
    ]
    const checked = checkPromptOutput(result)
    assert.ok('result' in checked)
    assert.deepEqual(
      [...checked.removed].sort((a, b) => a.in.localeCompare(b.in)),
      removed,
    )
    assert.deepEqual(
      { ...checked.result, _meta: undefined },
      {
        description: 'ab',
        _meta: undefined,
        messages: [say('x'), message({ type: 'resource', resource: { uri: 'a:b', text: 'yz' } })],
      },
    )
    assert.deepEqual(checked.result['_meta'], { 'vendor/x': 1, 'sallyport/removed': checked.removed })
    assert.equal(JSON.stringify(result), before)
  })
  it('of any kind is answered, never thrown at', () => {
    const content = fc.record({
      type: fc.constantFrom('text', 'image', 'resource', 'resource_link', 'x'),
      text: fc.anything(),
      data: fc.anything(),
      uri: fc.anything(),
      resource: fc.anything(),
    })
    const messages = fc.array(fc.oneof(fc.anything(), fc.record({ role: fc.constantFrom('user', 'x'), content })))
    fc.assert(
      fc.property(fc.oneof(fc.object(), fc.record({ messages, description: fc.anything(), _meta: fc.anything() })), (result) => {
        assert.ok(isObject(checkPromptOutput(result)))
      }),
      { numRuns: 500 },
    )
  })
})
