/** docs/identity-providers.md: its configurations start and do what it says with the tokens that providers document, and no option is missing. */

import assert from 'node:assert/strict'
import { readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { loadConfig } from '../../src/gateway/index.ts'
import { SIGN_IN_EVERY_DAYS, type SignInProvider, toProvided } from '../../src/people/index.ts'
import { createTempDir, ROOT } from '../support/paths.ts'
import { auth0, entra, google, keycloak, okta } from '../support/provider-claims.ts'

const text = readFileSync(join(ROOT, 'docs/identity-providers.md'), 'utf8')

async function documented(): Promise<ReadonlyMap<string, SignInProvider>> {
  const folder = await createTempDir('providers')
  const file = join(folder.path, 'sallyport.yaml')
  const secrets = ['ACME', 'GOOGLE', 'ENTRA', 'OKTA', 'AUTH0', 'KEYCLOAK'].map((name) => [`${name}_SECRET`, 'secret'])
  const entries = [...text.matchAll(/^```yaml\n([\s\S]*?)^```$/gm)].flatMap(([, block]) => {
    writeFileSync(file, block as string)
    return loadConfig({ file, cwd: folder.path, env: Object.fromEntries(secrets) as Record<string, string> }).auth?.signIn ?? []
  })
  await folder.remove()
  return new Map(entries.map((entry) => [entry.id, entry]))
}

test('each configuration lets in whom it says, with the roles that it says', async () => {
  const entries = await documented()
  const given = (id: string, claims: Record<string, unknown>) => {
    const entry = entries.get(id)
    assert.ok(entry, id)
    assert.equal(entry.issuer, claims['iss'], id)
    const provided = toProvided(entry, claims)
    return 'sentence' in provided ? provided.sentence : { roles: provided.roles, groups: provided.groups, name: provided.preferredName }
  }
  assert.deepEqual(given('google', google), { roles: [], groups: [], name: 'jsmith@acme.example' })
  assert.deepEqual(given('entra', entra), { roles: ['writer'], groups: ['payments'], name: 'AbeLi@acme.example' })
  assert.deepEqual(given('okta', okta), { roles: ['staff', 'admin'], groups: [], name: 'saml.jackson@acme.example' })
  assert.deepEqual(given('auth0', auth0), { roles: ['admin'], groups: [], name: 'janedoe@acme.example' })
  assert.deepEqual(given('keycloak', keycloak), { roles: ['writer'], groups: ['staff'], name: 'siegurd' })
  assert.equal(entries.size, 6)
})

test('it names every option of a provider, and no other', () => {
  const source = readFileSync(join(ROOT, 'src/people/providers/options.ts'), 'utf8')
  const [, body = ''] = /^export interface SignInProvider {\n([\s\S]*?)^}/m.exec(source) ?? []
  const options = [...body.matchAll(/^ {2}readonly (\w+)\??:/gm)].map(([, name]) => name as string)
  const [, table = ''] = /\| option \|[^\n]*\n\|[-|]*\|\n([\s\S]*?)\n\n/.exec(text) ?? []
  const inTable = [...table.matchAll(/^\| `(\w+)` \|/gm)].map(([, name]) => name as string)
  assert.deepEqual(inTable.sort(), options.sort())
  assert.match(text, new RegExp(`counts any more; ${SIGN_IN_EVERY_DAYS} unless told`))
})
