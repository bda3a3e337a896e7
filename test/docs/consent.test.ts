/** docs/consent.md says what the code does: which name is in which group, what is on record, and which commands there are. (The page in it is made by `npm run docs`.) */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { createScopeHierarchy } from '../../src/core/index.ts'
import { secondsOf } from '../../src/oauth/grant-time.ts'
import { texts } from '../../src/oauth/pages/texts.ts'
import { groupScopes } from '../../src/oauth/scopes.ts'
import { ROOT } from '../support/paths.ts'

const page = readFileSync(join(ROOT, 'docs/consent.md'), 'utf8')
const source = ['consent/consent.ts', 'interaction.ts'].map((file) => readFileSync(join(ROOT, 'src/oauth', file), 'utf8')).join('\n')

test('each permission that the table names is in the group that it says, and the groups are called as on the page', () => {
  const plain = createScopeHierarchy()
  for (const [name, heading] of Object.entries(texts.consent.groups)) {
    const [, named = ''] = new RegExp(`^\\| ${heading} \\| (.*) \\|$`, 'm').exec(page) ?? []
    assert.notEqual(named, '', heading)
    const own = name === 'change' ? named.split(', and imply')[0] : named
    const scopes = [...(own ?? '').matchAll(/`([\w:]+)`/g)].map(([, scope = '']) => (scope.startsWith(':') ? `notes${scope}` : scope))
    assert.ok(scopes.length > 0)
    for (const scope of scopes)
      assert.deepEqual(
        groupScopes([scope], plain).map((group) => group.name),
        [name],
        scope,
      )
  }
  for (const scope of ['admin', 'notes:delete', 'read', 'notes:readwrite', ':writer'])
    assert.equal(groupScopes([scope], plain)[0]?.name, 'run', scope)
})

test('it names every way in which an answer is refused, and no other', () => {
  const reasons = new Set([...source.matchAll(/reason: '(\w+)'/g)].map(([, reason]) => reason))
  for (const reason of ['allowed', 'access_denied', 'expired']) reasons.delete(reason)
  assert.deepEqual(reasons, new Set(['forged_form', 'too_soon', 'invalid_redirect_uri']))
  for (const reason of reasons) assert.ok(page.includes(`\`${reason}\``), reason)
})

test('it says how long each choice lasts', () => {
  assert.deepEqual(secondsOf, { hour: 3600, month: 30 * 86_400, open: 365 * 86_400 })
  assert.match(page, /One hour, 30 days, or until it is taken back, a year at most/)
})

test('somebody who has not heard of OAuth meets none of its words on the page', () => {
  const [, shown = ''] = page.split('```text\n')
  assert.doesNotMatch(shown.split('```')[0] ?? '', /oauth|scope|token|grant|redirect|authoriz|consent|callback|credential/i)
})
