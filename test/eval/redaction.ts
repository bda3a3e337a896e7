/**
 * `npm run eval:redaction`: what the redactor finds on the rows of `../shared/data`, by kind, what it finds that is none, and what it takes
 * on ten kilobytes. `--json` prints one object. The exit code says whether the targets are met.
 *
 * @module
 */

import { parseArgs } from 'node:util'
import { createRedactor, findPersonal, findSecrets, PERSONAL_KINDS } from '../../src/core/index.ts'
import { needs, rowsOf } from '../support/shared.ts'
import { BENIGN, type Recall, ROWS, scoreBenign, scoreRedaction, scoreUnseen } from './score-redaction.ts'

const TARGETS = { structured: 0.98, structuredFalse: 0.005, secrets: 0.95, tenKilobytesMs: 1, worstMs: 5 }
const TEN_KILOBYTES = 10 * 1024

const known = createRedactor()
for (const secret of ['a-known-secret', 'one with a space', 'aaaaaaaaaaaaaaaaaaaab']) known.learn(secret)
const secrets = { work: findSecrets }
const personal = { work: (text: string) => findPersonal(text, PERSONAL_KINDS) }
/** The worst of what random pieces and their changes came to, and what one would think of. */
const WORST: Readonly<Record<string, { readonly pieces: readonly string[]; readonly work: (text: string) => unknown }>> = {
  'names before long values': {
    ...secrets,
    pieces: ['token==', 'pwd=', 'pwd=access-key', 'authtoken==secret', '2bauth_key_token=$', 'secret_key='],
  },
  'names without values': { ...secrets, pieces: ['password ', 'twitter ', 'secret is ', 'api key ', 'token: "'] },
  'beginnings of tokens': {
    ...secrets,
    pieces: ['sk-', 'ghp_', 'eyJ.', 'eyJaaaaaaaa.', '-us', 'AAAA', '%20xoxb-', 'sharedaccesskey=', ':AA', 'dp.pt.'],
  },
  'private keys, URLs, commands': {
    ...secrets,
    pieces: ['-----BEGIN PRIVATE KEY-----', '-----BEGIN RSA ', '://a:', '-u a:', '--user=a:b'],
  },
  'numbers, for personal data': {
    ...personal,
    pieces: ['1', '4111 1111 1111 ', '@41111411112@', '1-1', '+1 415 555 ', '1.1.1.1.', 'DE89 3704 '],
  },
  'addresses, for personal data': { ...personal, pieces: ['a@', '@aa.040025525', `${'a'.repeat(63)}@a.`, 'a.a@a', '::1', '://a@'] },
  'known secrets, and layers': {
    work: (text) => known.text(text),
    pieces: ['%25', '\\\\', '\\u0061', 'a-known-secre', '\\na-known-secret', 'aaaaaaaaaaaa', '+'],
  },
}

const { values } = parseArgs({ options: { json: { type: 'boolean', default: false } } })
const { skip } = needs(ROWS, BENIGN)
if (skip) {
  process.stderr.write(
    `error: ${skip}\nfix: this needs the labelled texts that it is measured on, which are not published with Sallyport; docs/redaction.md has what it found\n`,
  )
  process.exit(1)
}

const score = scoreRedaction()
const benign = scoreBenign()
const unseen = scoreUnseen()
const time = measure()
const shares = {
  structured: share(score.structured.all),
  structuredFalse: score.personalFalse.wrong / score.personalFalse.texts,
  secrets: share(score.secrets.all),
  tenKilobytesMs: time.ordinary,
  worstMs: Math.max(...time.worst.map(({ ms }) => ms)),
}
const isMet =
  shares.structured >= TARGETS.structured &&
  shares.structuredFalse <= TARGETS.structuredFalse &&
  shares.secrets >= TARGETS.secrets &&
  shares.tenKilobytesMs <= TARGETS.tenKilobytesMs &&
  shares.worstMs <= TARGETS.worstMs

if (values.json) process.stdout.write(`${JSON.stringify({ ...score, benign, unseen, time, shares, targets: TARGETS, met: isMet })}\n`)
else print()
process.exitCode = isMet ? 0 : 1

function print(): void {
  const line = (text = ''): void => void process.stdout.write(`${text}\n`)
  const recall = (of: Recall): string =>
    `${share(of).toFixed(3)}  ${of.found} of ${of.rows}${of.whole < of.found ? `, ${of.whole} whole` : ''}`
  for (const [name, target] of [
    ['structured', TARGETS.structured],
    ['secrets', TARGETS.secrets],
  ] as const) {
    line(`${name}: recall ${recall(score[name].all)} (target ${target})`)
    line(`  half that was read                    ${recall(score[name].read)}`)
    line(`  half of which the misses were read    ${recall(score[name].glanced)}`)
    if (name === 'secrets') line(`  written without a look at the list    ${recall(unseen)}; not ${unseen.missed.join(', ')}`)
  }
  const { texts, wrong } = score.personalFalse
  line(
    `structured, found where there is none: ${wrong} of ${texts} texts, ${(shares.structuredFalse * 100).toFixed(2)} % (target ${TARGETS.structuredFalse * 100} %)`,
  )
  line(`secrets, found in texts without: ${benign.found} of ${benign.rows}`)
  const found = Object.entries(score.notSecret.found)
  line(
    `rows that a rule of another scanner must not find: ${found.reduce((sum, [, count]) => sum + count, 0)} of ${score.notSecret.rows} found by one of ours`,
  )
  line(`  ${found.map(([rule, count]) => `${rule} ${count}`).join(', ')}`)
  line(
    `10 KB: ${time.ordinary.toFixed(3)} ms ordinary text, ${time.personal.toFixed(3)} ms for personal data; the worst texts that we know, of one piece over and over:`,
  )
  for (const { kind, piece, ms } of time.worst) line(`  ${kind.padEnd(32)} ${ms.toFixed(2)} ms  ${JSON.stringify(piece)}`)
  line(
    `out of reach of rules, not scored: ${Object.entries(score.outOfReach)
      .map(([type, count]) => `${type} ${count}`)
      .join(', ')}`,
  )
  line()
  line('recall by kind, those that are not whole:')
  for (const [kind, each] of Object.entries(score.byKind).sort(([one], [other]) => one.localeCompare(other)))
    if (each.whole < each.rows) line(`  ${kind.padEnd(44)} ${recall(each)}`)
  line(`  the other ${Object.values(score.byKind).filter((each) => each.whole === each.rows).length} kinds: 1.000`)
}

function share({ found, rows }: Recall): number {
  return rows === 0 ? 1 : found / rows
}

/** Milliseconds, the median of many. */
function measure() {
  const redactor = createRedactor()
  const all = rowsOf<{ readonly text: string; readonly category: string }>(BENIGN)
    .filter(({ category }) => category !== 'tool-result-json')
    .map(({ text }) => text)
    .join('\n')
  const pieces = Array.from({ length: 60 }, (_, at) => all.slice(at * TEN_KILOBYTES, (at + 1) * TEN_KILOBYTES)).filter(
    (piece) => piece.length === TEN_KILOBYTES,
  )
  const times = (texts: readonly string[], work: (text: string) => unknown): number[] =>
    [0, 1, 2].flatMap(() =>
      texts.map((text) => {
        const began = performance.now()
        work(text)
        return performance.now() - began
      }),
    )
  const median = (figures: readonly number[]): number => [...figures].sort((one, other) => one - other)[figures.length >> 1] as number
  return {
    ordinary: median(times(pieces, (text) => redactor.text(text))),
    personal: median(times(pieces, (text) => findPersonal(text, PERSONAL_KINDS))),
    worst: Object.entries(WORST).map(([kind, { pieces, work }]) => {
      const figures = pieces.map((piece) => {
        const text = piece.repeat(TEN_KILOBYTES).slice(0, TEN_KILOBYTES)
        times([text, text, text], work)
        return { kind, piece, ms: median(times([text, text, text], work)) }
      })
      return figures.reduce((most, each) => (each.ms > most.ms ? each : most))
    }),
  }
}
