import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import fc from 'fast-check'
import { decodeSentinel, encodeSentinel, parseMessage, toErrorCode, toResult } from '../../src/protocol/index.ts'

const meta = { 'io.modelcontextprotocol/protocolVersion': '2026-07-28', 'io.modelcontextprotocol/clientCapabilities': {} }
const call = (over: object = {}) => ({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name: 'echo', _meta: meta }, ...over })
const headers = { version: '2026-07-28', method: 'tools/call', name: 'echo' }
const reason = (value: unknown, given: typeof headers | object | undefined = headers) => {
  const parsed = parseMessage(value, given as typeof headers | undefined, undefined)
  return parsed.allowed ? parsed.value.era : parsed.denial.reason
}

describe('parseMessage', () => {
  it('serves a request that carries its version statelessly, and any other as legacy', () => {
    assert.equal(reason(call()), 'modern')
    assert.equal(reason(call({ params: { name: 'echo' } }), { version: undefined, method: undefined, name: undefined }), 'legacy')
    assert.equal(reason(call({ params: { name: 'echo' } }), { version: '2025-11-25', method: undefined, name: undefined }), 'legacy')
  })
  it('refuses headers that are missing or differ from the body', () => {
    for (const changed of [
      { version: undefined },
      { method: undefined },
      { name: undefined },
      { version: '2025-11-25' },
      { method: 'tools/list' },
      { name: 'other' },
      { name: 'é' },
    ]) {
      assert.equal(reason(call(), { ...headers, ...changed }), 'header_mismatch', JSON.stringify(changed))
    }
    assert.equal(reason(call(), { ...headers, name: encodeSentinel('=?base64?x?=') }), 'header_mismatch')
    assert.equal(reason(call({ params: { name: 'é', _meta: meta } }), { ...headers, name: encodeSentinel('é') }), 'modern')
  })
  it('refuses a version that nobody speaks, and says missing _meta fields apart', () => {
    const stated = (version: unknown) =>
      call({ params: { name: 'echo', _meta: { ...meta, 'io.modelcontextprotocol/protocolVersion': version } } })
    assert.equal(reason(stated('1900-01-01'), { ...headers, version: '1900-01-01' }), 'unsupported_version')
    assert.equal(reason(stated(7)), 'invalid_params')
    assert.equal(
      reason(call({ params: { name: 'echo', _meta: { 'io.modelcontextprotocol/protocolVersion': '2026-07-28' } } })),
      'invalid_params',
    )
    assert.equal(reason(call({ params: { name: 'echo' } })), 'invalid_params')
  })
  it('refuses what is not one request or notification', () => {
    for (const value of [
      [call()],
      [],
      null,
      7,
      'x',
      {},
      { jsonrpc: '1.0', id: 1, method: 'ping' },
      { jsonrpc: '2.0', id: 1, result: {} },
      call({ id: null }),
      call({ id: 1.5 }),
      call({ id: {} }),
      call({ params: [] }),
      call({ method: 7 }),
    ]) {
      assert.equal(reason(value), 'malformed_message', JSON.stringify(value))
    }
  })
  it('takes nothing without an id for a request', () => {
    const { id: _, ...unnumbered } = call()
    assert.equal(reason(unnumbered), 'malformed_message')
    assert.equal(reason({ ...unnumbered, method: 'notifications/anything' }, { ...headers, method: 'notifications/anything' }), 'modern')
  })
  it('answers any value without throwing', () => {
    fc.assert(fc.property(fc.anything(), (value) => void parseMessage(value, headers, undefined)))
  })
})

describe('header values', () => {
  it('come back as they were, whatever they hold', () => {
    fc.assert(fc.property(fc.string({ unit: 'grapheme' }), (text) => assert.equal(decodeSentinel(encodeSentinel(text)), text)))
  })
  it('are refused where they are not canonical', () => {
    for (const value of ['=?base64?YQ?=', '=?base64?!!?=', '=?base64?/w==?=', ' a', 'a ', 'a\nb', 'é'])
      assert.equal(decodeSentinel(value), undefined, value)
  })
})

describe('results', () => {
  it('have what 2026-07-28 wants, and never a public cache scope', () => {
    assert.deepEqual(toResult('modern', 'tools/call', { content: [] }), { resultType: 'complete', content: [] })
    assert.deepEqual(toResult('modern', 'resources/read', { contents: [], cacheScope: 'public', ttlMs: -5 }), {
      contents: [],
      resultType: 'complete',
      ttlMs: 0,
      cacheScope: 'private',
    })
    assert.deepEqual(toResult('modern', 'resources/read', { contents: [], ttlMs: 9 }), {
      contents: [],
      resultType: 'complete',
      ttlMs: 9,
      cacheScope: 'private',
    })
  })
  it('have nothing of it in the legacy revisions', () => {
    assert.deepEqual(toResult('legacy', 'resources/read', { contents: [], resultType: 'complete', ttlMs: 9, cacheScope: 'private' }), {
      contents: [],
    })
  })
  it('never carry an error code that may not be emitted', () => {
    assert.deepEqual([-32002, -32042, -32050, -32020, -32602, 7, 1.5].map(toErrorCode), [-32602, -32603, -32603, -32603, -32602, 7, -32603])
  })
})
