/**
 * A page that a server asks a person to open in the middle of a call: all of its address is shown, where it leads, and what is suspicious
 * about it; it is opened only after a yes, and never fetched. What the person does there, nobody learns here.
 *
 * @module
 */

import { openBrowser, type UrlAnswer, type UrlQuestion, type UrlWarning } from '../../client/index.ts'
import { shown } from '../shown.ts'
import type { Asker } from './asking.ts'
import { quoted } from './quoted.ts'

const warnings: Readonly<Record<UrlWarning, string>> = {
  punycode: 'Its name has letters that may look like others: read it letter by letter.',
  'mixed-script': 'Its name mixes alphabets: it may be made to look like another.',
  'not-https': 'It is not https: whoever is on the way can read and change it.',
  'ip-address': 'It has a number in place of a name.',
  'local-address': 'It leads to this computer or its network.',
  'user-info': 'What stands before the @ is not where it leads.',
  'other-host': 'It is not where the server itself is.',
}

export async function answerUrl(question: UrlQuestion, server: string, asker: Asker): Promise<UrlAnswer> {
  const { message, url, host } = question
  asker.show(`\n${server} asks you to open a page:\n${quoted(message)}\n\n  ${shown(url)}\n\n  It leads to  ${shown(host)}`)
  for (const warning of question.warnings) asker.show(`! ${warnings[warning]}`)
  if (!(await asker.confirm('Open it in your browser?'))) return { action: 'decline' }
  await openBrowser(url).catch(() => asker.show('! No browser could be opened: open it yourself.'))
  return { action: 'accept' }
}
