/** docs/agents.md: its configurations are ones that start, and no option is missing. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { parse } from 'yaml'
import { configSchema } from '../../src/gateway/config/schema.ts'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs/agents.md'), 'utf8')

test('every configuration of docs/agents.md satisfies the schema', () => {
  const blocks = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].map(([, block]) => block as string)
  assert.ok(blocks.length >= 3)
  for (const block of blocks) assert.deepEqual(configSchema.safeParse(parse(block)).error?.issues, undefined, block)
})

test('docs/agents.md names every option of a trusted issuer, and no other', () => {
  const source = readFileSync(join(ROOT, 'src/oauth/grant-types/trusted-issuers.ts'), 'utf8')
  const [, body = ''] = /^export interface TrustedIssuer {\n([\s\S]*?)^}/m.exec(source) ?? []
  const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name as string)
  const [, table = ''] = /\| option \|[^\n]*\n\|[-|]*\|\n([\s\S]*?)\n\n/.exec(text) ?? []
  const documented = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name as string)
  assert.deepEqual(documented.sort(), options.sort())
})

test('docs/agents.md says the bounds that the code has', () => {
  const constant = (file: string, name: string): string =>
    (new RegExp(`${name} = ([\\d_]+)`).exec(readFileSync(join(ROOT, 'src/oauth', file), 'utf8'))?.[1] ?? '').replaceAll('_', '')
  assert.equal(constant('grant-types/workload-identity.ts', 'WORKLOAD_TTL_SECONDS'), '900')
  assert.equal(constant('grant-types/workload-identity.ts', 'MAX_SECONDS'), '86400')
  assert.equal(constant('grant-types/id-jag.ts', 'MAX_SECONDS'), '3600')
  assert.equal(constant('standing.ts', 'MAX_ACTORS'), '4')
  for (const said of ['900 seconds', 'more than a day', 'an hour apart at most', 'four at most']) assert.ok(text.includes(said), said)
})
