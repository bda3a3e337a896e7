// Prints what was found as a table for each revision, a column for each way to reach a server, and counts it.

import { styleText } from 'node:util'
import type { Row } from './compare.ts'
import { REVISIONS } from './comparison.ts'
import type { Judged } from './judge.ts'

type Found = Pick<Judged, 'revision' | 'scenario' | 'found' | 'notes'> & { readonly verdict: Judged['verdict'] | Row['verdict'] }
export interface Column {
  readonly name: string
  readonly rows: readonly Found[]
}

const colours = {
  passed: 'green',
  same: 'green',
  failed: 'red',
  worse: 'red',
  stale: 'red',
  later: 'yellow',
  unscored: 'dim',
  'not required': 'dim',
} as const
const LONGEST_CELL = '30/30 failed'.length
const isGood = ({ verdict }: Found): boolean => colours[verdict] === 'green'
const isBad = ({ verdict }: Found): boolean => colours[verdict] === 'red'

/** Whether nothing was bad. */
export function report(columns: readonly Column[], seconds: number): boolean {
  const all = columns.flatMap(({ rows }) => rows)
  const width = Math.max(...all.map(({ scenario }) => scenario.length)) + 2
  const widths = columns.map(({ name }) => Math.max(name.length, LONGEST_CELL) + 2)
  for (const revision of [...REVISIONS, 'all'].filter((each) => all.some((row) => row.revision === each))) {
    console.log(`\n${revision.padEnd(width)}${columns.map(({ name }, at) => name.padEnd(widths[at] ?? 0)).join('')}`)
    for (const scenario of new Set(all.filter((row) => row.revision === revision).map((row) => row.scenario))) {
      const found = columns.map(({ rows }) => rows.find((row) => row.revision === revision && row.scenario === scenario))
      console.log(`${scenario.padEnd(width)}${found.map((row, at) => cell(row, widths[at] ?? 0)).join('')}`)
    }
  }
  for (const { title, is } of sections) printNotes(columns, title, is)
  const failed = all.filter(isBad).length
  const later = all.filter(({ verdict }) => verdict === 'later').length
  console.log(`\n${later === 0 ? '' : `${later} wait in later.ts. `}${seconds} s.`)
  console.log(`${all.filter(isGood).length} passed, ${failed} failed`)
  return failed === 0
}

const sections = [
  { title: 'What the suite remarks, and why that is right', is: (row: Found) => isGood(row) || colours[row.verdict] === 'dim' },
  { title: 'What is not there yet', is: ({ verdict }: Found) => verdict === 'later' },
  { title: 'What is wrong', is: isBad },
]

function cell(row: Found | undefined, width: number): string {
  if (row === undefined) return ' '.repeat(width)
  const text = isGood(row) || colours[row.verdict] === 'dim' ? row.found : `${row.found} ${row.verdict}`
  return styleText(colours[row.verdict], text.padEnd(width), { stream: process.stdout })
}

/** The same note of several columns is one line. */
function printNotes(columns: readonly Column[], title: string, is: (row: Found) => boolean): void {
  const notes = new Map<string, string[]>()
  for (const { name, rows } of columns)
    for (const row of rows.filter(is))
      for (const note of row.notes) {
        const line = `${row.revision} ${row.scenario}: ${note}`
        notes.set(line, [...(notes.get(line) ?? []), name])
      }
  if (notes.size > 0) console.log(`\n${title}`)
  for (const [line, names] of notes) console.log(`  ${line} [${names.join(', ')}]`)
}
