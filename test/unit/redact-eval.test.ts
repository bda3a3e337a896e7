// What is found of public rows stays at least what it was (`npm run eval:redaction` has the figures), also in the half of them that nobody
// looked at.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { BENIGN, type Recall, ROWS, scoreBenign, scoreRedaction } from '../eval/score-redaction.ts'
import { verifies } from '../requirements.ts'
import { needs } from '../support/shared.ts'

verifies('secret-patterns', 'personal-rules')

test('the targets for structured data and for secrets are met', needs(ROWS, BENIGN), (t) => {
  const { secrets, structured, personalFalse } = scoreRedaction()
  const share = ({ found, rows }: Recall): number => found / rows
  t.diagnostic(`structured ${structured.all.found} of ${structured.all.rows}, secrets ${secrets.all.found} of ${secrets.all.rows}`)
  assert.ok(share(structured.all) >= 0.98)
  assert.ok(share(secrets.all) >= 0.95)
  assert.ok(Math.abs(share(secrets.tuned) - share(secrets.held)) <= 0.05)
  assert.ok(personalFalse.wrong / personalFalse.texts <= 0.005)
  assert.equal(scoreBenign().found, 0)
})
