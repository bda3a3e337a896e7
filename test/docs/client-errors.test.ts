/** docs/errors.md and the client name the same codes, and those are the ones that were published. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { toCommandError } from '../../src/cli/calling/client-errors.ts'
import { CliError } from '../../src/cli/errors.ts'
import {
  AuthorizationError,
  authorizationSteps,
  TokenStoreError,
  TransportError,
  TrustError,
  tokenStoreSteps,
  transportSteps,
  trustSteps,
} from '../../src/client/errors.ts'
import { ROOT } from '../support/paths.ts'

const keysOf = <T extends object>(steps: T): (keyof T)[] => Object.keys(steps) as (keyof T)[]

const [, client = ''] = readFileSync(join(ROOT, 'docs', 'errors.md'), 'utf8').split('## The client')
const tables = client.split(/^\| `(?:AuthorizationError|TransportError|TrustError|TokenStoreError)`.*$/m)
const documented = (table: string | undefined): (string | undefined)[] =>
  [...(table ?? '').matchAll(/^\| `(\w+)` \|/gm)].map(([, code]) => code)

test('docs/errors.md describes every code that the client throws, and no other', () => {
  assert.deepEqual(documented(tables[1]), Object.keys(authorizationSteps))
  assert.deepEqual(documented(tables[2]), Object.keys(transportSteps))
  assert.deepEqual(documented(tables[3]), Object.keys(trustSteps))
  assert.deepEqual(documented(tables[4]), Object.keys(tokenStoreSteps))
})

test('every code says what to do next, in a sentence', () => {
  for (const steps of [authorizationSteps, transportSteps, trustSteps, tokenStoreSteps])
    for (const step of Object.values(steps)) assert.match(step, /^[A-Z].*\.$/)
})

test('a command says it as every other fix: it goes on after a colon, and has no end', () => {
  const asked = { command: 'call', target: { url: 'https://mcp.example/mcp' }, flags: '' }
  const errors = [
    ...keysOf(authorizationSteps).map((code) => new AuthorizationError(code, 'It was refused.')),
    ...keysOf(transportSteps).map((code) => new TransportError(code, 'It did not answer.')),
    ...keysOf(trustSteps).map((code) => new TrustError(code, 'look', 'It has changed.')),
    ...keysOf(tokenStoreSteps).map((code) => new TokenStoreError(code, 'It cannot be read.')),
  ]
  for (const error of errors) {
    const shown = toCommandError(error, asked)
    assert.ok(shown instanceof CliError)
    assert.match(shown.fix, /^[^A-Z].*[^.]$/, error.code)
  }
})

test('the codes of the client are the ones that were published', () => {
  assert.deepEqual(
    [authorizationSteps, transportSteps, trustSteps, tokenStoreSteps].flatMap((steps) => Object.keys(steps)),
    [
      'sign_in_required',
      'insufficient_scope',
      'credential_refused',
      'metadata_missing',
      'metadata_invalid',
      'resource_mismatch',
      'issuer_mismatch',
      'pkce_unsupported',
      'insecure_url',
      'state_mismatch',
      'authorization_denied',
      'registration_unsupported',
      'registration_refused',
      'device_unsupported',
      'browser_unavailable',
      'redirect_unavailable',
      'sign_in_expired',
      'token_refused',
      'redirected',
      'unreachable',
      'address_blocked',
      'no_endpoint',
      'redirected',
      'http_status',
      'too_large',
      'malformed',
      'unsupported_method',
      'timeout',
      'closed',
      'definition_changed',
      'definition_suspicious',
      'call_declined',
      'result_invalid',
      'encryption_removed',
      'encryption_invalid',
      'identity_mismatch',
      'principal_mismatch',
      'result_unopened',
      'skill_unverified',
      'store_unwritable',
      'store_unreadable',
      'store_locked',
    ],
  )
})
