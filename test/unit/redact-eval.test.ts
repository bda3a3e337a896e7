// What is found of public rows stays at least what it was (`npm run eval:redaction` has the figures), in both halves of
// them; and of tokens that were written without a look at the list.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BENIGN, type Recall, ROWS, scoreBenign, scoreRedaction, scoreUnseen } from '../eval/score-redaction.ts'
import { verifies } from '../requirements.ts'
import { needs } from '../support/shared.ts'

verifies('secret-patterns', 'personal-rules')

test('the targets for structured data and for secrets are met', needs(ROWS, BENIGN), (t) => {
  const { secrets, structured, personalFalse } = scoreRedaction()
  const share = ({ found, rows }: Recall): number => found / rows
  t.diagnostic(`structured ${structured.all.found} of ${structured.all.rows}, secrets ${secrets.all.found} of ${secrets.all.rows}`)
  assert.ok(share(structured.all) >= 0.98)
  assert.ok(share(secrets.all) >= 0.95)
  assert.ok(Math.abs(share(secrets.read) - share(secrets.glanced)) <= 0.05)
  assert.ok(personalFalse.wrong / personalFalse.texts <= 0.005)
  assert.equal(scoreBenign().found, 0)
})

test('of made-up tokens that were written without a look at the list, most are found', (t) => {
  const { rows, found, missed } = scoreUnseen()
  t.diagnostic(`${found} of ${rows}; not ${missed.join(', ')}`)
  assert.ok(rows > 100)
  assert.ok(found / rows >= 0.88)
})
