/**
 * Whether something is to be started or reached that nobody has accepted yet: shown whole to the person at the terminal, who says so or does not.
 *
 * @module
 */

import { type LaunchQuestion, type PinView, toView } from '../gateway/index.ts'
import { createAsker } from './calling/asking.ts'
import { shownChange, shownShort } from './shown.ts'
import { counted, dateOf } from './values.ts'

/** Undefined where nobody can be asked. */
export function createLaunchQuestions(): ((question: LaunchQuestion) => Promise<boolean>) | undefined {
  const asker = createAsker({ signal: new AbortController().signal, interrupt: () => process.exit(130) })
  if (!asker) return undefined
  return (question) => {
    const name = shownShort(question.server)
    if (question.kind !== 'package') {
      const isReached = 'url' in question.written
      if (question.kind === 'changed') asker.show(`${name} is ${isReached ? 'reached' : 'started'} otherwise than was accepted:`)
      else asker.show(`${name} is not among the servers that were accepted here. It ${isReached ? 'is reached' : 'is started'} like this:`)
      for (const line of question.change.diff.split('\n')) asker.show(shownChange(line))
      return asker.confirm(agreedTo(name, isReached))
    }
    asker.show(`${name} asks for ${shownShort(question.wants)}, which is no exact version. Today that is:`)
    for (const line of packageLines(toView(question.found), question.published)) asker.show(line)
    return asker.confirm(`Pin that, and run it from now on?`)
  }
}

/** What a person is asked about a server of the configuration. */
export const agreedTo = (name: string, isReached: boolean): string => `${isReached ? 'Reach' : 'Start'} ${name} like this from now on?`

/** A package, for whoever decides about it. */
export function packageLines(view: PinView, published: string | undefined): string[] {
  const when = published === undefined ? '' : `, published ${dateOf(Date.parse(published))}`
  const scripts =
    view.scripts.length === 0
      ? 'none'
      : `${counted(view.scripts.length, 'package')} (${shownShort(view.scripts.join(', '))}), which are not run`
  return [
    `  ${shownShort(view.package)}${when}`,
    `  integrity        ${view.integrity}`,
    `  brings along     ${counted(view.dependencies, 'package')}`,
    `  install scripts  ${scripts}`,
  ]
}
