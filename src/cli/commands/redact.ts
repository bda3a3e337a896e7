/**
 * `sallyport redact < in > out`: texts without their secrets and personal data. One JSON object a line, `{"id","text"}` in and
 * `{"id","text","findings":[{"type","start","end"}]}` out, in the same order; offsets are of the text that came in, in UTF-16 units.
 *
 * Fails closed: a line that cannot be read is named and left out, and the command ends with 2. Nothing is kept of any line.
 *
 * @module
 */

import { once } from 'node:events'
import { findPersonal, findSecrets, MASK, mergeFindings, PERSONAL_KINDS, type PersonalKind, replaceFindings } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { boundedLines } from '../bounded-lines.ts'
import type { Common } from '../common.ts'
import { CliError } from '../errors.ts'

export interface RedactOptions extends Common {
  readonly allow?: readonly PersonalKind[]
  readonly secretsOnly?: boolean
}

const MAX_LINE_BYTES = 16 * 1024 * 1024
/** More are counted and not told. */
const MAX_TOLD = 20

export async function redact({ allow = [], secretsOnly = false }: RedactOptions): Promise<void> {
  const kinds = secretsOnly ? [] : PERSONAL_KINDS.filter((kind) => !allow.includes(kind))
  let number = 0
  let bad = 0
  for await (const line of boundedLines(process.stdin, MAX_LINE_BYTES)) {
    number++
    if (line === '') continue
    const row = line === undefined ? { problem: `is longer than ${MAX_LINE_BYTES} bytes` } : read(line)
    if ('problem' in row) {
      if (++bad <= MAX_TOLD) process.stderr.write(`line ${number} ${row.problem}\n`)
      continue
    }
    if (!process.stdout.write(`${JSON.stringify(redacted(row, kinds))}\n`)) await once(process.stdout, 'drain')
  }
  if (bad > 0)
    throw new CliError(
      'E-USAGE',
      `${bad} of ${number} lines could not be read, and are not in the output`,
      'make each line a JSON object with a "text"; the numbers of the first are above',
    )
}

interface Row {
  readonly id: unknown
  readonly text: string
}

function read(line: string): Row | { readonly problem: string } {
  let value: unknown
  try {
    value = JSON.parse(line)
  } catch {
    return { problem: 'is not JSON' }
  }
  if (!isObject(value)) return { problem: 'is not an object' }
  const { id, text } = value
  // Written again as it is: what is nested deeply enough could not be, and would end the rest with it.
  if (typeof id === 'object' && id !== null) return { problem: 'has an id that is neither a text nor a number' }
  return typeof text === 'string' ? { id, text } : { problem: 'has no text, or one that is not a string' }
}

function redacted({ id, text }: Row, kinds: readonly PersonalKind[]) {
  const findings = mergeFindings(findSecrets(text), findPersonal(text, kinds))
  const isPersonal = (type: string): boolean => (PERSONAL_KINDS as readonly string[]).includes(type)
  return { id, text: replaceFindings(text, findings, ({ type }) => (isPersonal(type) ? `[redacted:${type}]` : MASK)), findings }
}
