// How many checks of each scenario pass with the program of `client/main.ts`, at least. Counted, because a client that does nothing has no
// failure in some of them, and one that stops early has fewer.

import type { Version } from '../support/index.ts'
import type { Counts, Expectations, Remark } from './expected.ts'

export const RUNS = ['2025-11-25', '2026-07-28', 'all'] as const
export type Run = Version | 'all'

export const expectedOfClient: Readonly<Record<Run, Counts>> = {
  '2025-11-25': {},
  '2026-07-28': {},
  all: {},
}

const remarks: readonly (Remark & { readonly runs?: readonly Run[] })[] = []

export const ofClient = (run: Run): Expectations => ({
  counts: expectedOfClient[run],
  remarks: remarks.filter(({ runs = RUNS }) => (runs as readonly Run[]).includes(run)),
  notRequired: {},
})
