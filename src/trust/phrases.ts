/**
 * Finds phrases in a text by what words they are made of: `never|not …3 tell*|mention* …6 user*` is one of the first, then, at most three
 * words later, one that begins with `tell` or `mention`, then, at most six later, one that begins with `user`. Words that stand side by
 * side have nothing between them. No phrase goes on beyond the end of a sentence.
 *
 * The text is the attacker's: each of its words is looked up once, and moves each phrase on by a step or not, so that the time is that of
 * its length. No pattern is run over it that could try twice.
 *
 * @module
 */

/** `id`: what it is called in an answer of {@link PhraseFinder}; several phrases may share one. */
export interface Phrase {
  readonly id: string
  readonly words: string
}

/** The ids of what is in a list of words, each once. */
export type PhraseFinder = (words: readonly string[]) => readonly string[]

/** Ends a sentence, and with it all phrases that have begun. */
export const END = '.'
const MAX_WORD = 40

interface Step {
  readonly phrase: number
  readonly step: number
}

export function createPhraseFinder(phrases: readonly Phrase[]): PhraseFinder {
  const exact = new Map<string, Step[]>()
  const stems = new Map<string, Step[]>()
  const gaps: number[][] = []
  for (const [phrase, { words }] of phrases.entries()) {
    const steps: number[] = []
    let gap = 0
    for (const part of words.split(' ')) {
      if (part.startsWith('…')) {
        gap = Number(part.slice(1))
        continue
      }
      for (const word of part.split('|')) {
        const [table, key] = word.endsWith('*') ? [stems, word.slice(0, -1)] : [exact, word]
        table.set(key, [...(table.get(key) ?? []), { phrase, step: steps.length }])
      }
      steps.push(gap)
      gap = 0
    }
    gaps.push(steps)
  }
  // Later steps first: one word never is two steps of one phrase.
  for (const steps of [...exact.values(), ...stems.values()]) steps.sort((a, b) => b.step - a.step)

  return function find(words) {
    /** Where each phrase has come to: the last word at which it was at that step. */
    const reached = phrases.map(() => [] as number[])
    const found = new Set<string>()
    let begin = 0
    for (const [at, word] of words.entries()) {
      if (word === END) {
        begin = at + 1
        continue
      }
      for (const { phrase, step } of stepsOf(word)) {
        const [steps, allowed] = [reached[phrase] as number[], gaps[phrase] as number[]]
        const before = step === 0 ? at - 1 : (steps[step - 1] ?? -1)
        if (step > 0 && (before < begin || before === at || at - before - 1 > (allowed[step] as number))) continue
        steps[step] = at
        if (step === allowed.length - 1) found.add((phrases[phrase] as Phrase).id)
      }
    }
    return [...found]
  }

  function stepsOf(word: string): readonly Step[] {
    const own = exact.get(word) ?? []
    const all = [...own]
    for (let length = 2; length <= Math.min(word.length, MAX_WORD); length++) all.push(...(stems.get(word.slice(0, length)) ?? []))
    return all.length > own.length ? all.sort((a, b) => b.step - a.step) : own
  }
}
