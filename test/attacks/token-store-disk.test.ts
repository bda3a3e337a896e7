// A disk that is full and one that may only be read, for real: a small file system of our own. Nothing is begun that could not be kept.
// Needs root on Linux; elsewhere this is skipped, and says so.

import assert from 'node:assert/strict'
import { spawnSync } from 'node:child_process'
import { mkdtempSync, rmdirSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, it } from 'node:test'
import { createFileTokenStore } from '../../src/client/store/file-store.ts'
import { verifies } from '../requirements.ts'

verifies('token-store')

const NAME = 'sign-in/https%3A%2F%2Fmcp.example.com%2Fmcp/default'

let disk: string
const run = (program: string, ...args: string[]): boolean => spawnSync(program, args, { stdio: 'ignore' }).status === 0
const mount = (folder: string): boolean => run('mount', '-t', 'tmpfs', '-o', 'size=2m,mode=0700', 'tmpfs', folder)

function whyNot(): string | false {
  if (process.platform !== 'linux' || process.getuid?.() !== 0) return 'needs root on Linux, to mount a small file system'
  const folder = mkdtempSync(join(tmpdir(), 'sallyport-'))
  try {
    if (!mount(folder)) return 'this machine lets nobody mount a file system'
    run('umount', folder)
    return false
  } finally {
    rmdirSync(folder)
  }
}

const skip = whyNot()
const open = () => createFileTokenStore({ dataDir: disk, env: {} })
/** To the last byte. */
function fill(): void {
  for (const size of [1 << 20, 1 << 12, 1])
    for (let n = 0; ; n++)
      try {
        writeFileSync(join(disk, `filling-${size}-${n}`), Buffer.alloc(size), { flag: 'wx' })
        if (size === 1) break
      } catch {
        break
      }
}
const empty = (): void => rmSync(join(disk, 'filling-1048576-0'), { force: true })
const unwritable = (reason: RegExp) => (error: unknown) => {
  assert.ok(error instanceof Error)
  assert.equal(`${error.name} ${(error as { code?: string }).code}`, 'TokenStoreError store_unwritable')
  assert.match(error.message, reason)
  assert.match(error.message, /Free some space, or let this program write there, or name another folder with dataDir\.$/)
  return true
}

describe('a token store', { skip }, () => {
  beforeEach(() => {
    disk = mkdtempSync(join(tmpdir(), 'sallyport-'))
    assert.ok(mount(disk))
  })
  afterEach(() => {
    assert.ok(run('umount', disk))
    rmdirSync(disk)
  })

  it('on a full disk says so before any work begins, keeps what it had, and goes on when there is room', async () => {
    const store = open()
    await store.write(NAME, 'old')
    fill()
    let begun = 0
    const work = async (): Promise<void> => {
      begun++
      await store.write(NAME, 'new')
    }
    await assert.rejects(store.exclusively(NAME, work), unwritable(/the disk is full/))
    await assert.rejects(store.write(NAME, 'x'.repeat(200_000)), unwritable(/the disk is full/))
    assert.equal(begun, 0)
    assert.equal(await store.read(NAME), 'old')
    empty()
    await store.exclusively(NAME, work)
    assert.equal(await open().read(NAME), 'new')
  })

  it('keeps what comes of the work, however full the disk has become meanwhile', async () => {
    const store = open()
    await store.write(NAME, 'old')
    await store.exclusively(NAME, async () => {
      fill()
      await store.write(NAME, `new ${'x'.repeat(250_000)}`)
    })
    assert.match((await open().read(NAME)) ?? '', /^new x{250000}$/)
  })

  it('can be signed out of on a full disk', async () => {
    const store = open()
    await store.write(NAME, 'old')
    fill()
    await store.remove(NAME)
    assert.equal(await store.read(NAME), undefined)
  })

  it('that may only be read is read, and says before any work that nothing can be kept', async () => {
    await open().write(NAME, 'old')
    assert.ok(run('mount', '-o', 'remount,ro', disk))
    const store = open()
    assert.equal(await store.read(NAME), 'old')
    let begun = 0
    await assert.rejects(
      store.exclusively(NAME, async () => void begun++),
      unwritable(/read-only|only be read/),
    )
    await assert.rejects(
      store.exclusively('sign-in/another/default', async () => void begun++),
      unwritable(/read-only/),
    )
    await assert.rejects(store.write(NAME, 'new'), unwritable(/read-only|only be read/))
    await assert.rejects(store.remove(NAME), unwritable(/read-only|only be read/))
    await assert.rejects(store.rotateKey(), /read-only|only be read|EROFS/)
    assert.equal(begun, 0)
    assert.equal(await store.read(NAME), 'old')
  })
})
