/** `sallyport reveal SIGN`: what stands behind a sign that was sent in place of personal data. On record, with the sign and never the value. @module */

import { systemClock } from '../../core/index.ts'
import { createPersonalTokens } from '../../guards/index.ts'
import type { WithData } from '../common.ts'
import { withExistingData } from '../data.ts'
import { CliError } from '../errors.ts'
import { createOutput } from '../output.ts'
import { recordOperator } from '../record.ts'
import { shown } from '../shown.ts'

export async function reveal(sign: string, { json = false, dataDir }: WithData): Promise<void> {
  const output = createOutput(json)
  const startedAt = Date.now()
  const found = await withExistingData(dataDir, async ({ store, vault, keyRing }) => {
    const revealed = await createPersonalTokens({ store, vault, keyRing, clock: systemClock }).reveal(sign)
    // Before it is shown: nothing is read that nobody knows of.
    if (revealed) await recordOperator(store, 'personal.reveal', sign, startedAt, { kinds: [revealed.kind], count: 1 })
    return revealed
  })
  if (!found)
    throw new CliError(
      'E-NOT-FOUND',
      `nothing stands behind ${shown(sign)} here, or not any more`,
      'check that it is whole (tok_KIND_ and 26 letters), and --data-dir; what stands behind a sign is kept for 30 days after its last use',
    )
  output.object({ sign, ...found })
  output.line(shown(found.value))
}
