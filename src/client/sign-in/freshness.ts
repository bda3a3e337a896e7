/** Until when a token is used without asking for another. Pure. @module */

import type { Tokens } from './token-request.ts'

/** Renewed so long before its end, so that it does not expire on its way; never more than a tenth of its life. */
const EARLY_MS = 30_000

/** In milliseconds since the epoch; for ever where nobody says when it ends. */
export const freshUntil = ({ expiresAt, receivedAt }: Pick<Tokens, 'receivedAt'> & Partial<Pick<Tokens, 'expiresAt'>>): number =>
  expiresAt === undefined ? Number.POSITIVE_INFINITY : expiresAt - Math.min(EARLY_MS, (expiresAt - receivedAt) / 10)
