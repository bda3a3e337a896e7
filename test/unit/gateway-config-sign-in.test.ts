/** `auth.signIn` in the configuration file: values from elsewhere, and problems with their place. */

import assert from 'node:assert/strict'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { ConfigError } from '../../src/core/index.ts'
import { loadConfig } from '../../src/gateway/index.ts'
import { createTempDir } from '../support/index.ts'

async function load(text: string, env: Record<string, string> = {}) {
  await using dir = await createTempDir()
  const file = join(dir.path, 'sallyport.yaml')
  writeFileSync(file, text)
  try {
    return loadConfig({ file, cwd: dir.path, env })
  } catch (error) {
    if (error instanceof ConfigError) return error.problems
    throw error
  }
}
const entry = (secret: string, rest = '') => `auth:
  signIn:
    - id: google
      title: Google
      issuer: https://accounts.google.com
      clientId: 1234.apps.googleusercontent.com
      clientSecret: ${secret}
      allow: { claims: { hd: acme.example } }
${rest}`

test('the secret comes from elsewhere; one that is written out is warned of, and never repeated', async () => {
  const config = await load(entry('${env:GOOGLE_SECRET}'), { GOOGLE_SECRET: 'a value of the environment' })
  assert.ok('auth' in config)
  assert.equal(config.auth?.signIn?.[0]?.clientSecret, 'a value of the environment')
  assert.deepEqual(config.warnings, [])
  const written = await load(entry('written-out-here'))
  assert.ok('warnings' in written)
  assert.match(written.warnings.join(), /auth\.signIn\.0\.clientSecret: a secret is written out here/)
  assert.ok(!written.warnings.join().includes('written-out-here'))
  const missing = await load(entry('${env:NOBODY_SET_IT}'))
  assert.ok(Array.isArray(missing))
  assert.match(missing.join(), /sallyport\.yaml:7: auth\.signIn\.0\.clientSecret: .*NOBODY_SET_IT/)
})

test('each problem has its line', async () => {
  const problems = await load(entry('${env:S}', '      nameclaim: email\n').replace('{ claims: { hd: acme.example } }', '{}'), { S: 'x' })
  assert.ok(Array.isArray(problems))
  assert.match(problems.join('\n'), /sallyport\.yaml:9: auth\.signIn\.0\.nameclaim: .*nameClaim/)
  assert.match(problems.join('\n'), /sallyport\.yaml:8: auth\.signIn\.0\.allow: must say who is let in/)
})

test('providers are for our own authorization server, and somebody must be able to sign in', async () => {
  const external = await load(`auth:\n  issuer: https://idp.example\n${entry('${env:S}').replace('auth:\n', '')}`, { S: 'x' })
  assert.ok(Array.isArray(external))
  assert.match(external.join(), /auth\.signIn: is for the embedded authorization server/)
  const nobody = await load('auth:\n  localAccounts: false\n')
  assert.ok(Array.isArray(nobody), 'nobody could sign in')
  assert.match(nobody.join(), /sallyport\.yaml:2: auth\.localAccounts: nobody could sign in/)
})
