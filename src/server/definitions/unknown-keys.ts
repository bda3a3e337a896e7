/** Keys that nobody knows are problems, with the key that was probably meant: a slip must not open anything. @module */

import { noSuchKey } from '../../core/index.ts'

export type Report = (problem: string) => void

/** What other frameworks call it, and what it is called here. Of several the one that the definition has. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  ...named(['parameters', 'variables'], ['inputSchema', 'schema', 'input', 'args', 'arguments', 'argsSchema', 'params', 'paramsSchema']),
  ...named(['outputSchema'], ['output', 'returns', 'responseSchema', 'resultSchema']),
  ...named(['execute', 'render', 'read'], ['handler', 'handle', 'run', 'callback', 'cb', 'fn', 'func', 'function', 'call', 'load']),
  ...named(['permissions'], ['auth', 'access', 'scopes', 'requiredScopes', 'roles', 'authorize', 'canAccess']),
  ...named(['timeoutSeconds'], ['timeout', 'timeoutMs', 'deadline', 'deadlineSeconds']),
  ...named(['rateLimit'], ['rate', 'limit', 'limits', 'throttle']),
  ...named(['template'], ['text', 'messages']),
  ...named(['uri', 'uriTemplate'], ['uri', 'url']),
}

function named(ours: readonly string[], theirs: readonly string[]): Readonly<Record<string, readonly string[]>> {
  return Object.fromEntries(theirs.map((name) => [name, ours]))
}

/** Whether there are none. */
export function checkKeys(given: object, known: readonly string[], at: string, report: Report): boolean {
  let fine = true
  for (const key of Object.keys(given)) {
    if (known.includes(key)) continue
    fine = false
    report(`${at === '' ? '' : `${at}.`}${key.slice(0, 64)}: ${noSuchKey(key, known, synonymOf(key, known))}`)
  }
  return fine
}

function synonymOf(key: string, known: readonly string[]): string | undefined {
  return Object.hasOwn(synonyms, key) ? synonyms[key]?.find((ours) => known.includes(ours)) : undefined
}
