/** docs/people.md: its commands are those that there are, and its numbers the code's. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createProgram } from '../../src/cli/program.ts'
import { LINK_MINUTES, MIN_PASSWORD } from '../../src/people/index.ts'
import { MAX_PASSKEYS } from '../../src/people/passkeys.ts'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/people.md'), 'utf8')
const source = (file: string) => readFileSync(join(ROOT, 'src/people', file), 'utf8')

test('docs/people.md names every command about people, and no other', () => {
  const named = new Set([...text.matchAll(/sallyport user ([a-z-]+)/g)].map(([, name]) => name as string))
  const commands = createProgram([]).commands.find((command) => command.name() === 'user')?.commands ?? []
  assert.deepEqual([...named].toSorted(), commands.map((command) => command.name()).toSorted())
})

test('and every option of theirs', () => {
  const commands = createProgram([]).commands.find((command) => command.name() === 'user')?.commands ?? []
  const options = new Set(commands.flatMap(({ options: all }) => all.map(({ long }) => long ?? '')))
  for (const option of options) if (!['--data-dir', '--group'].includes(option)) assert.ok(text.includes(option), option)
})

test('docs/people.md has the numbers of the code', () => {
  assert.deepEqual(LINK_MINUTES, { owner: 10, invitation: 3 * 24 * 60, password: 60 })
  assert.match(text, new RegExp(`\\| password \\| ${MIN_PASSWORD} characters at least`))
  assert.match(text, new RegExp(`up to ${MAX_PASSKEYS}\\.`))
  assert.match(source('passwords.ts'), /memory: 19_456, passes: 2/)
  assert.match(source('recovery-codes.ts'), /COUNT = 10/)
  assert.match(source('sessions.ts'), /TTL_MS = 12 \* 3_600_000/)
  const throttle = source('login-throttle.ts')
  for (const constant of [
    'WINDOW_MS = 900_000',
    'MAX_WAIT_SECONDS = 60',
    'FREE_HERE = 3',
    'FREE_AT_ADDRESS = 20',
    'FREE_ANYWHERE = 50',
    'MAX_WAIT_ANYWHERE_SECONDS = 10',
  ])
    assert.ok(throttle.includes(constant), constant)
  assert.match(source('sign-in.ts'), /free: 5, maxWaitSeconds: 900, windowMs: 86_400_000/)
})
