/** docs/services.md: its configuration is one that starts, and its bounds are those of the code. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { assertionAlgorithms, authMethodsFor } from '../../src/oauth/metadata.ts'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/services.md'), 'utf8')

test('every configuration of docs/services.md satisfies the schema', () => {
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block]) => block as string)
  assert.ok(blocks.length >= 1)
  for (const block of blocks) assert.deepEqual(configSchema.safeParse(parse(block)).error?.issues, undefined, block)
})

test('docs/services.md names every way in which a client can prove who it is', () => {
  for (const method of authMethodsFor('verified')) if (method !== 'none') assert.ok(text.includes(`\`${method}\``), method)
  for (const alg of assertionAlgorithms) if (alg !== 'Ed25519') assert.ok(text.includes(alg), alg)
})

test('docs/services.md says the bounds that the code has', () => {
  const constant = (file: string, name: string): string =>
    new RegExp(`${name}(?:: number)? = (\\d+)`).exec(readFileSync(join(ROOT, 'src/oauth', file), 'utf8'))?.[1] ?? ''
  assert.deepEqual(
    [
      constant('client-auth.ts', 'MAX_ASSERTION_SECONDS'),
      constant('device.ts', 'DEVICE_CODE_TTL_SECONDS'),
      constant('device.ts', 'POLL_SECONDS'),
      constant('device-front.ts', 'MAX_TRIES'),
    ],
    ['600', '600', '5', '30'],
  )
  for (const said of ['within ten minutes', 'once and for ten minutes', 'every five seconds', 'may try 30 of them in ten minutes'])
    assert.ok(text.includes(said), said)
})
