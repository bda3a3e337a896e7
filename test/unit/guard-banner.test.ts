/** What `guard` says of a server that is not up: what becomes of it, and nothing that would be pasted along with a command. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { banner } from '../../src/cli/guard-banner.ts'
import type { Config, Guard } from '../../src/gateway/index.ts'

const paint = (_style: unknown, text: string): string => text
const linesOf = (status: object): string[] => {
  const guard = { status: () => [{ server: 'notes', state: 'down', ...status }], weight: () => undefined, scopes: () => [] }
  return banner({ servers: [], listen: {} } as unknown as Config, guard as unknown as Guard, [], undefined, true, { paint } as never)
}

test('one that does not answer is tried again', () => {
  assert.equal(linesOf({ error: 'it exited with code 3', awaits: false })[0], '! notes: it exited with code 3; it is tried again')
})

test('one that nobody has accepted is left alone until then, and the line ends with the command for that', () => {
  const error = 'it is started otherwise than was accepted: cwd. To accept it as it is now: sallyport pin accept notes'
  assert.deepEqual(linesOf({ error, awaits: true }).slice(0, 2), [
    `! notes: ${error}`,
    '  Until it is accepted it is left alone. That is noticed while this runs.',
  ])
})
