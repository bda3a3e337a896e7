/** What every audit trail must do. @module */

import assert from 'node:assert/strict'
import { createHash } from 'node:crypto'
import { afterEach, describe, it } from 'node:test'
import type { AuditRecord, AuditStore } from '../../src/storage/index.ts'

export interface AuditUnderTest {
  readonly audit: AuditStore
  /** Another connection to the same trail; the same one where there is none. */
  readonly other: AuditStore
  readonly end: () => Promise<void>
}

export const auditRecord = (n: number, given: Partial<AuditRecord> = {}): AuditRecord => ({
  id: `dec_${n}`,
  at: 1_000 + n,
  decision: 'allow',
  reason: 'allowed',
  action: 'tools/call',
  transport: 'http',
  durationMs: 1,
  ...given,
})

export const auditRecords = (from: number, to: number): AuditRecord[] => Array.from({ length: to - from }, (_, n) => auditRecord(from + n))

export function describeAuditStore(name: string, open: () => Promise<AuditUnderTest>): void {
  describe(`an audit trail: ${name}`, () => {
    let opened: AuditUnderTest[] = []
    async function trail(): Promise<AuditUnderTest> {
      const under = await open()
      opened.push(under)
      return under
    }
    afterEach(async () => {
      for (const { end } of opened) await end()
      opened = []
    })

    it('is intact when empty', async () => {
      const { audit } = await trail()
      assert.deepEqual(await audit.verify(), { intact: true, records: 0, head: '0'.repeat(64) })
    })

    it('numbers records from 1 without gaps and chains them as documented', async () => {
      const { audit, other } = await trail()
      await audit.append(auditRecords(0, 3))
      await other.append(auditRecords(3, 5))
      await audit.append([])
      const found = [...(await audit.search({}))].reverse()
      assert.deepEqual(
        found.map(({ sequence }) => sequence),
        [1, 2, 3, 4, 5],
      )
      let hash = '0'.repeat(64)
      for (const chained of found) {
        hash = createHash('sha256')
          .update(`${hash}\n${JSON.stringify(chained.record)}`)
          .digest('hex')
        assert.equal(chained.hash, hash)
      }
      assert.deepEqual(await other.verify(), { intact: true, records: 5, head: hash })
    })

    it('gives back every field of a record by its id', async () => {
      const { audit, other } = await trail()
      const record = auditRecord(1, {
        id: 'dec_full',
        decision: 'deny',
        reason: 'insufficient_scope',
        target: 'notes__write',
        server: 'notes',
        subject: 'ana',
        issuer: 'http://localhost:1',
        clientId: 'cl_1',
        clientName: 'C "l"\ni\u2028ent',
        facts: { needed: ['a', 'b'], n: 1, yes: true },
        hostToolUseId: 'toolu_1',
        repeated: 3,
      })
      await audit.append([auditRecord(0), record])
      const chained = await other.get('dec_full')
      assert.deepEqual(chained?.record, record)
      assert.equal(chained?.sequence, 2)
      assert.equal(await audit.get('dec_none'), undefined)
    })

    it('leaves out what is undefined', async () => {
      const { audit } = await trail()
      await audit.append([auditRecord(1, { target: undefined })])
      assert.equal('target' in (await audit.get('dec_1'))!.record, false)
    })

    it('searches by every field, newest first', async () => {
      const { audit } = await trail()
      await audit.append([
        auditRecord(1, { subject: 'ana', target: 'read', clientId: 'c1' }),
        auditRecord(2, { subject: 'raj', target: 'read', clientId: 'c1', decision: 'deny', reason: 'not_permitted' }),
        auditRecord(3, { subject: 'ana', target: 'write', clientId: 'c2', decision: 'error', reason: 'crashed' }),
        auditRecord(4, { action: 'sign-in', subject: 'ana', hostToolUseId: 'toolu_4' }),
      ])
      const ids = async (query: Parameters<AuditStore['search']>[0]) => (await audit.search(query)).map(({ record }) => record.id)
      assert.deepEqual(await ids({}), ['dec_4', 'dec_3', 'dec_2', 'dec_1'])
      assert.deepEqual(await ids({ subject: 'ana' }), ['dec_4', 'dec_3', 'dec_1'])
      assert.deepEqual(await ids({ subject: 'ana', target: 'write' }), ['dec_3'])
      assert.deepEqual(await ids({ clientId: 'c1' }), ['dec_2', 'dec_1'])
      assert.deepEqual(await ids({ action: 'sign-in' }), ['dec_4'])
      assert.deepEqual(await ids({ hostToolUseId: 'toolu_4' }), ['dec_4'])
      assert.deepEqual(await ids({ decision: ['deny', 'error'] }), ['dec_3', 'dec_2'])
      assert.deepEqual(await ids({ decision: ['allow', 'deny'] }), ['dec_4', 'dec_2', 'dec_1'])
      assert.deepEqual(await ids({ decision: [] }), [])
      assert.deepEqual(await ids({ since: 1_002 }), ['dec_4', 'dec_3', 'dec_2'])
      assert.deepEqual(await ids({ until: 1_003 }), ['dec_2', 'dec_1'])
      assert.deepEqual(await ids({ since: 1_002, until: 1_003 }), ['dec_2'])
      assert.deepEqual(await ids({ since: 9_999 }), [])
      assert.deepEqual(await ids({ until: 1 }), [])
      assert.deepEqual(await ids({ limit: 2 }), ['dec_4', 'dec_3'])
      assert.deepEqual(await ids({ subject: "ana' OR 1=1 --" }), [])
    })

    it('is read in pages: only what comes before a place', async () => {
      const { audit } = await trail()
      await audit.append(Array.from({ length: 7 }, (_, n) => auditRecord(n + 1, { subject: n % 2 === 0 ? 'ana' : 'raj' })))
      const page = async (before?: number) => audit.search({ subject: 'ana', before, limit: 2 })
      const seen: string[] = []
      for (let next = await page(); next.length > 0; next = await page(next.at(-1)?.sequence))
        seen.push(...next.map(({ record }) => record.id))
      assert.deepEqual(seen, ['dec_7', 'dec_5', 'dec_3', 'dec_1'])
      assert.deepEqual(await page(1), [])
      assert.equal((await page(1_000_000)).length, 2)
    })

    it('finds by time what was stored late', async () => {
      const { audit } = await trail()
      await audit.append([auditRecord(5), auditRecord(1), auditRecord(9)])
      const ids = async (query: Parameters<AuditStore['search']>[0]) => (await audit.search(query)).map(({ record }) => record.id)
      assert.deepEqual(await ids({ since: 1_005 }), ['dec_9', 'dec_5'])
      assert.deepEqual(await ids({ until: 1_005 }), ['dec_1'])
    })

    it('answers a hundred unless told, and ten thousand at most', async () => {
      const { audit } = await trail()
      await audit.append(auditRecords(0, 10_050))
      assert.equal((await audit.search({})).length, 100)
      assert.equal((await audit.search({ limit: 1e9 })).length, 10_000)
    })

    it('keeps one chain and the order of each writer when several append at once', async () => {
      const { audit, other } = await trail()
      const sizes = [1, 200, 3, 60, 1, 120, 7]
      let n = 0
      await Promise.all(
        sizes.map((size, index) => {
          const batch = auditRecords(n, n + size)
          n += size
          return (index % 2 ? other : audit).append(batch)
        }),
      )
      const state = await audit.verify()
      assert.deepEqual([state.intact, state.records], [true, n])
      const sequences = new Map((await audit.search({ limit: 10_000 })).map(({ sequence, record }) => [record.id, sequence]))
      for (let id = 0, index = 0; index < sizes.length; id += sizes[index++]!) {
        for (let next = 1; next < sizes[index]!; next++) {
          assert.equal(sequences.get(`dec_${id + next}`), sequences.get(`dec_${id}`)! + next)
        }
      }
    })

    it('drops the oldest, and stays a chain that says from where on it is kept', async () => {
      const { audit, other } = await trail()
      await audit.append(auditRecords(0, 1_300))
      assert.equal(await audit.drop(1_000), 0)
      const before = await audit.verify()
      assert.equal(await audit.drop(1_000 + 1_201), 1_201)
      const state = await other.verify()
      assert.ok(state.intact && before.intact)
      assert.equal(before.dropped, undefined)
      assert.deepEqual([state.records, state.head, state.dropped?.through], [99, before.head, 1_201])
      assert.equal(await audit.get('dec_1200'), undefined)
      assert.equal((await other.search({ limit: 10_000 })).length, 99)

      await other.append(auditRecords(1_300, 1_303))
      assert.equal(await other.drop(1_000 + 1_201), 0)
      assert.equal(await other.drop(1_000 + 1_302), 101)
      const later = await audit.verify()
      assert.deepEqual([later.intact, later.records], [true, 1])
      assert.deepEqual(
        (await audit.search({})).map(({ sequence, record }) => [sequence, record.id]),
        [[1_303, 'dec_1302']],
      )
    })

    it('keeps the newest record, however old it is', async () => {
      const { audit } = await trail()
      assert.equal(await audit.drop(1e15), 0)
      await audit.append(auditRecords(0, 3))
      assert.equal(await audit.drop(1e15), 2)
      await audit.append([auditRecord(9)])
      const state = await audit.verify()
      assert.deepEqual([state.intact, state.records], [true, 2])
    })

    it('drops nothing that stands behind one that is to stay', async () => {
      const { audit } = await trail()
      await audit.append([auditRecord(1), auditRecord(50), auditRecord(2), auditRecord(60)])
      assert.equal(await audit.drop(1_010), 1)
      assert.equal((await audit.search({})).length, 3)
    })

    it('is whole for whoever verifies while the oldest are dropped', async () => {
      const { audit, other } = await trail()
      await audit.append(auditRecords(0, 3_000))
      const [state, dropped] = await Promise.all([audit.verify(), other.drop(1_000 + 2_500)])
      assert.deepEqual([state.intact, dropped], [true, 2_500])
    })

    it('tells how far it is while it verifies', async () => {
      const { audit } = await trail()
      await audit.append(auditRecords(0, 2_500))
      const seen: [number, number][] = []
      await audit.verify((checked, total) => seen.push([checked, total]))
      assert.deepEqual(seen.at(-1), [2_500, 2_500])
    })
  })
}
