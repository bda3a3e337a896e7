/**
 * Passwords: argon2id, kept as a PHC string, so that the cost can be raised later. At most two are computed at once and
 * a bounded number waits: each takes 19 MiB and a thread. Beyond that the answer is `busy` (fails closed).
 *
 * @module
 */

import { argon2, randomBytes, timingSafeEqual } from 'node:crypto'
import { promisify } from 'node:util'

export interface Passwords {
  hash(password: string): Promise<string>
  /** Costs the same for an account that does not exist (`hash` undefined), which is never right. */
  verify(password: string, hash: string | undefined): Promise<boolean | 'busy'>
}

// The second of OWASP's equivalent settings (Password Storage Cheat Sheet, argon2id): 19 MiB, two passes, one lane.
const cost = { memory: 19_456, passes: 2, parallelism: 1 } as const
const compute = promisify(argon2)
const pattern = /^\$argon2id\$v=19\$m=(\d{1,7}),t=(\d{1,3}),p=(\d{1,2})\$([\w+/]{22,64})\$([\w+/]{22,128})$/
const nobody = `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${'A'.repeat(22)}$${'A'.repeat(43)}`

export function createPasswords({ concurrent = 2, waiting = 64 }: { concurrent?: number; waiting?: number } = {}): Passwords {
  let running = 0
  const queue: (() => void)[] = []

  async function inTurn<T>(work: () => Promise<T>): Promise<T | 'busy'> {
    if (running >= concurrent) {
      if (queue.length >= waiting) return 'busy'
      await new Promise<void>((resolve) => queue.push(resolve))
    } else running++
    try {
      return await work()
    } finally {
      // The place is handed on, so that nobody who comes now overtakes those who wait.
      const next = queue.shift()
      if (next === undefined) running--
      else next()
    }
  }
  return {
    async hash(password) {
      const nonce = randomBytes(16)
      const tag = await compute('argon2id', { message: toMessage(password), nonce, tagLength: 32, ...cost })
      return `$argon2id$v=19$m=${cost.memory},t=${cost.passes},p=${cost.parallelism}$${unpadded(nonce)}$${unpadded(tag)}`
    },
    async verify(password, hash) {
      const [, memory, passes, parallelism, nonce, tag] = pattern.exec(hash ?? nobody) ?? pattern.exec(nobody) ?? []
      const expected = Buffer.from(tag as string, 'base64')
      const parameters = {
        message: toMessage(password),
        nonce: Buffer.from(nonce as string, 'base64'),
        tagLength: expected.length,
        memory: Number(memory),
        passes: Number(passes),
        parallelism: Number(parallelism),
      }
      const actual = await inTurn(() => compute('argon2id', parameters))
      return actual === 'busy' ? 'busy' : timingSafeEqual(actual, expected) && hash !== undefined
    },
  }
}

// One password however the keyboard composes its letters (RFC 8265 §4.2.2).
const toMessage = (password: string): Buffer => Buffer.from(password.normalize('NFC'))
const unpadded = (bytes: Buffer): string => bytes.toString('base64').replace(/=+$/, '')
