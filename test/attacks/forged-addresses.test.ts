// An address decides whose budget a request counts against, and stands on record. Whoever could write it would have as many budgets
// as there are addresses, and somebody else's name in the audit.

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { createAddressOf } from '../../src/transports/index.ts'
import { verifies } from '../requirements.ts'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'

verifies('caller-address')

const PROXIED = '203.0.113.9'
/** What a caller can put before the word of the proxy, each time with another address. */
const forgeries: Record<string, (at: number) => string> = {
  'an address': (at) => `6.6.6.${at}`,
  'as many commas as were once looked at': (at) => `${','.repeat(1_023)}6.6.6.${at}`,
  'as many addresses': (at) => Array.from({ length: 1_023 }, () => `6.6.6.${at}`).join(','),
  'more than is looked at': (at) => `${'6,'.repeat(8_000)}6.6.6.${at}`,
  'one that is cut in the middle': (at) => `9.9.${at}.${'6'.repeat(2_048)}`,
  'blanks beyond the cut': (at) => `6.6.6.${at}${' '.repeat(4_000)}`,
}

describe('a caller behind a trusted proxy', () => {
  for (const [name, forge] of Object.entries(forgeries))
    it(`that writes ${name} before the proxy’s word has the one budget that it has`, async () => {
      await using served = await startServer({ proxy: { trustedAddresses: ['127.0.0.1', '::1'] }, rateLimit: { max: 3 } })
      const statuses: number[] = []
      for (let at = 0; at < 6; at++) {
        const headers = { 'x-forwarded-for': `${forge(at)}, ${PROXIED}` }
        statuses.push((await mcp(served.url, { headers }).request('tools/list')).status)
      }
      assert.deepEqual(statuses, [401, 401, 401, 429, 429, 429])
    })
})

describe('the address of a caller', () => {
  const at = (said: string, hops: number): string =>
    createAddressOf({ hops })({ headers: { 'x-forwarded-for': said }, socket: { remoteAddress: '10.0.0.1' } as never })
  it('is never half of what was written', () => {
    // 2,048 characters from the end are looked at: here they begin within the first address.
    const entry = '203.0.113.9'
    const filler = ' '.repeat(2_048 - '.6.6.6,'.length - entry.length)
    assert.equal(at(`16.6.6.6,${filler}${entry}`, 1), entry)
    assert.equal(at(`16.6.6.6,${filler}${entry}`, 2), entry)
    const half = ' '.repeat(2_048 - '6.6.6.6,'.length - entry.length)
    assert.equal(at(`16.6.6.6,${half}${entry}`, 2), entry)
  })
  it('is at most sixteen proxies away', () => {
    const proxies = Array.from({ length: 20 }, (_, index) => `10.0.1.${index}`)
    assert.equal(at(['6.6.6.6', ...proxies].join(', '), 16), '10.0.1.4')
  })
})
