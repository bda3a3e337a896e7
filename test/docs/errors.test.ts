/** docs/errors.md and the code name the same errors: every refusal of the union, every code of the command line. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { codes } from '../../src/cli/codes.ts'
import { ROOT } from '../support/paths.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const [refusals = '', commandLine = ''] = read('docs/errors.md').split('## The command line')

test('docs/errors.md describes every reason of a refusal, in the order of the pipeline, and no other', () => {
  const reasons = [...read('src/core/decision.ts').matchAll(/readonly reason: '(\w+)'/g)].map(([, reason]) => reason)
  assert.ok(reasons.length > 20)
  const documented = [...refusals.matchAll(/^\| `(\w+)` \|/gm)].map(([, reason]) => reason)
  assert.deepEqual(documented, reasons)
})

test('docs/errors.md names the problems of a credential', () => {
  const source = read('src/core/decision.ts')
  const unionOf = (name: string) => new RegExp(`type ${name} =([^]*?)\\n\\n`).exec(source)?.[1] ?? ''
  const union = unionOf('CredentialProblem') + unionOf('ProofProblem')
  const row = refusals.split('\n').find((line) => line.startsWith('| `unauthenticated`')) ?? ''
  const spoken: Record<string, RegExp> = {
    missing: /No credential/,
    several: /400 for several at once/,
    malformed: /malformed/,
    unknown: /unknown/,
    expired: /expired/,
    revoked: /revoked/,
    wrong_audience: /for another server/,
    wrong_issuer: /another issuer/,
    wrong_certificate: /a certificate that this connection has not shown/,
    token_bound: /bound and came without a proof/,
    token_unbound: /is not and came with one/,
    proof_missing: /a proof that is missing/,
    proof_invalid: /invalid/,
    proof_stale: /too old/,
    proof_used: /used before/,
    proof_of_other_key: /by another key/,
    nonce_needed: /without the nonce/,
  }
  const problems = [...union.matchAll(/'(\w+)'/g)].map(([, problem]) => problem as string)
  assert.deepEqual(problems, Object.keys(spoken))
  for (const problem of problems) assert.match(row, spoken[problem] as RegExp)
})

test('docs/errors.md describes every code of the command line with its exit code, and no other', () => {
  const documented = [...commandLine.matchAll(/^\| `(E-[A-Z-]+)` \| (\d+) \|/gm)].map(([, code, exit]) => [code, Number(exit)])
  assert.deepEqual(Object.fromEntries(documented), codes)
})

test('the codes of the command line are the ones that were published', () => {
  assert.deepEqual(Object.keys(codes), [
    'E-SETUP',
    'E-NODE',
    'E-USAGE',
    'E-CONFIG',
    'E-NOT-FOUND',
    'E-EXISTS',
    'E-DATA',
    'E-PORT',
    'E-UPSTREAM',
    'E-SIGN-IN',
    'E-DECLINED',
    'E-TOOL',
    'E-TRUST',
    'E-SERVER',
    'E-CHAIN',
    'E-INTERNAL',
  ])
})
