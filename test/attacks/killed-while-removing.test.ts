/** Whatever is removed, and whenever whoever removes it is killed: the next one ends it. Nothing stays that should go, nothing goes that should stay. */

import assert from 'node:assert/strict'
import { cp, mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { after, before, describe, it } from 'node:test'
import { resumeForgetting } from '../../src/retention/index.ts'
import { isOf } from '../../src/retention/person.ts'
import type { StoredRow } from '../../src/storage/index.ts'
import { type Data, openData } from '../../src/vault/index.ts'
import { auditRecords } from '../contracts/audit-store.ts'
import { verifies } from '../requirements.ts'
import { findInFolder } from '../support/at-rest.ts'
import { run } from '../support/child.ts'
import { keepAll } from '../support/kept-person.ts'
import { ROOT } from '../support/paths.ts'

const ANA = 'canary-of-ana-5Fq8Zr2Lw9'
const RAJ = 'canary-of-raj-7Yt3Kp6Bn1'
const KILLED = 137
let folder: string
/** As it is before anything is removed. */
let original: string
let grant: string
let rajs: string[]

async function within<T>(dir: string, use: (data: Data) => Promise<T>, clock?: () => number): Promise<T> {
  const data = await openData({ dataDir: dir, ...(clock && { clock }) })
  try {
    return await use(data)
  } finally {
    await data.store.close()
  }
}
const rowsOf = ({ store }: Data): Promise<StoredRow[]> => Array.fromAsync(store.scan())
const ofRaj = async (data: Data): Promise<string[]> =>
  (await rowsOf(data)).filter(isOf({ subject: 'raj', grants: ['grant of raj'] })).map((row) => JSON.stringify(row))
const child = (dir: string, what: string, step: number) =>
  run(process.execPath, [join(ROOT, 'test/fixtures/retention-child.ts'), dir, what, String(step)])

async function copyOf(name: string): Promise<string> {
  const dir = join(folder, name)
  await cp(original, dir, { recursive: true })
  return dir
}

before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'sallyport-'))
  original = join(folder, 'original')
  await within(original, async (data) => {
    ;({ grant } = await keepAll(data, 'ana', ANA))
    await keepAll(data, 'raj', RAJ)
    await data.store.audit.append(auditRecords(0, 1_700))
    const expiring = data.store.records('ended_session')
    await Promise.all(Array.from({ length: 1_100 }, (_, n) => expiring.putIfAbsent(`old ${n}`, true, { expiresAt: Date.now() + 600_000 })))
    rajs = await ofRaj(data)
  })
})
after(() => rm(folder, { recursive: true }))

describe('a process that is killed while it removes something', { concurrency: 2 }, () => {
  // Before it is noted down; among the credentials; before and after the keys; among the records; before and after the files are written.
  for (const step of [1, 3, 6, 7, 17, 29, 30, 31])
    it(`forgets somebody, and is killed at step ${step}`, async () => {
      verifies('forgetting-ends')
      const dir = await copyOf(`forget-${step}`)
      assert.equal((await child(dir, 'forget', step)).code, KILLED)
      await within(dir, async (data) => {
        await resumeForgetting(data)
        const theirs = (await rowsOf(data)).filter(isOf({ subject: 'ana', grants: [grant] }))
        assert.deepEqual(await ofRaj(data), rajs)
        assert.equal((await data.store.records('forgetting').list()).length, 0)
        // Killed before it was noted down, nothing has begun, and all is there.
        if (step === 1) assert.equal(theirs.length, 24)
        else {
          assert.deepEqual(theirs, [])
          assert.deepEqual(findInFolder(dir, [ANA]), [])
        }
        assert.equal((await data.store.audit.verify()).intact, true)
        const { value } = (await data.store.records<{ sealed: string }>('task').get('task of raj'))!
        assert.ok(await data.vault.open(value.sealed, { kind: 'task', id: 'task of raj', field: 'sealed', subject: 'raj' }))
      })
    })

  it('drops audit records, and is killed after each batch', async () => {
    verifies('forgetting-ends')
    const dir = await copyOf('drop')
    for (let left = 1_702, round = 0; round < 3; round++) {
      assert.equal((await child(dir, 'drop', 2)).code, KILLED)
      const state = await within(dir, ({ store }) => store.audit.verify())
      assert.ok(state.intact, JSON.stringify(state))
      assert.deepEqual([state.records, state.dropped?.through], [(left -= 500), 1_702 - left])
    }
    const state = await within(dir, async ({ store }) => {
      await store.audit.drop(1e15)
      return store.audit.verify()
    })
    assert.deepEqual([state.intact, state.records], [true, 1])
  })

  it('sweeps what has expired, and is killed in between', async () => {
    const dir = await copyOf('sweep')
    assert.equal((await child(dir, 'sweep', 2)).code, KILLED)
    await within(
      dir,
      async (data) => {
        assert.ok((await data.store.sweep()) >= 600)
        assert.equal(await data.store.sweep(), 0)
        // What has no end stays.
        assert.ok((await data.store.records('account').get('raj')) && (await data.store.records('account').get('ana')))
      },
      () => 1e14,
    )
  })
})
