/**
 * A process that uses the store of its data directory: `contend` renews one token again and again, as a client does; `write` writes
 * without end, and says what is on disk; `rotate` changes the key without end, `prune` removes what is unused. The parent kills it when it likes.
 *
 * @module
 */

import { createFileTokenStore } from '../../src/client/store/file-store.ts'

const [task, dataDir = '', name = '', ...rest] = process.argv.slice(2)
const store = createFileTokenStore({ dataDir, env: {} })

const tasks: Record<string, () => Promise<void>> = {
  /** A refresh token is good once: whoever sends it twice, or loses its successor, is found out by the server. */
  async contend() {
    const [server = '', rounds = ''] = rest
    for (let n = 0; n < Number(rounds); n++)
      await store.exclusively(name, async () => {
        const response = await fetch(server, { method: 'POST', body: (await store.read(name)) ?? '' })
        if (!response.ok) throw new Error(`the server answers ${response.status}`)
        await store.write(name, await response.text())
      })
  },
  async write() {
    for (let n = Number(rest[0]); ; n++) {
      // Sizes that are one block of a disk, and many.
      const value = `${n} ${'x'.repeat((n * 7919) % 200_000)}`
      if (n % 2 === 0) await store.write(name, value)
      else await store.exclusively(name, () => store.write(name, value))
      process.stdout.write(`${n}\n`)
    }
  },
  async prune() {
    for (;;) process.stdout.write(`${(await store.prune()).removed.length}\n`)
  },
  async rotate() {
    for (;;) {
      await store.rotateKey()
      process.stdout.write('rotated\n')
    }
  },
}
await tasks[task ?? '']?.()
