/**
 * What must not leave, taken out of what does: secrets that we know exactly (what was handed to an upstream), and
 * strings that look like credentials. The first is a guarantee for the forms that `known-secrets.ts` names; the second is a
 * detector.
 *
 * Used by release, audit, logs and error texts. Linear in the size of the text.
 *
 * @module
 */

import { createKnownSecrets } from './known-secrets.ts'

export interface Redactor {
  /** `text` with every known secret and credential-like string replaced by `[redacted]`. The same string where there is none. */
  text(text: string): string
  /** `JSON.stringify(value)` with the same taken out of every string and key in it. */
  json(value: unknown): string
  /** Whether `text` may contain something to take out; false is certain. Cheap: for the hot path. */
  suspects(text: string): boolean
  /** Adds a value that must never leave. Values under eight characters are too common to search for and are refused. Words of the protocol stay in what leaves. */
  learn(secret: string): boolean
  /** For a value that is good for nothing any more: a token that another one has taken the place of. */
  forget(secret: string): void
  /** How many values it has ever learned: what was judged before is judged anew when it grows. */
  readonly known: number
}

export const MASK = '[redacted]'

// Each starts with a literal that is rare in ordinary text, at the start of a word, and repeats one class at a time: no text
// makes it look at a character more than a few times. `suspects` looks for the literals alone.
const words = [
  'spk_[0-9A-Za-z]{8}_[0-9A-Za-z]{38}', // our own API keys
  'eyJ[\\w-]{8,4096}\\.eyJ[\\w-]{2,8192}\\.[\\w-]{0,4096}', // JWT (RFC 7519)
  'gh[pousr]_[0-9A-Za-z]{36,255}|github_pat_\\w{22,255}', // GitHub
  'glpat-[\\w-]{20,64}', // GitLab
  '(?:AKIA|ASIA)[0-9A-Z]{16}', // AWS access key id
  'xox[abeoprs]-[\\w-]{10,255}', // Slack
  'sk-(?:ant-|proj-)?[\\w-]{20,255}', // Anthropic, OpenAI
  '[rs]k_(?:live|test)_[0-9A-Za-z]{16,255}', // Stripe
  'AIza[\\w-]{35}', // Google
  'npm_[0-9A-Za-z]{36}', // npm
]
const others = [
  '-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----[^-]{0,16384}(?:-----END [A-Z ]{0,30}PRIVATE KEY-----)?', // PEM
  '://[^\\s:@/"\']{0,255}:[^\\s:@/"\']{1,255}@', // userinfo in a URL
]
const credentials = new RegExp(`(?<![\\w-])(?:${words.join('|')})|${others.join('|')}`, 'g')
const literals =
  /spk_[0-9A-Za-z]{8}_|eyJ|gh[pousr]_|github_pat_|glpat-|AKIA|ASIA|xox[abeoprs]-|sk-|[rs]k_|AIza|npm_|PRIVATE KEY|:\/\/[^/\s"']{1,511}@/

export function createRedactor(): Redactor {
  const known = createKnownSecrets()

  function suspects(text: string): boolean {
    return literals.test(text) || known.isIn(text)
  }
  function redact(text: string): string {
    const exact = known.isIn(text) ? known.mask(text, MASK) : text
    return literals.test(exact) ? exact.replace(credentials, (found) => (found.startsWith('://') ? `://${MASK}@` : MASK)) : exact
  }
  return {
    suspects,
    text: redact,
    json(value) {
      const text = JSON.stringify(value)
      // Escapes hide a secret from a search of the text, so a suspect is searched string by string, as its reader will see it.
      return suspects(text) ? JSON.stringify(redactDeep(value, redact)) : text
    },
    learn: (secret) => known.learn(secret),
    forget: (secret) => known.forget(secret),
    get known() {
      return known.learned
    },
  }
}

function redactDeep(value: unknown, redact: (text: string) => string): unknown {
  if (typeof value === 'string') return redact(value)
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((item) => redactDeep(item, redact))
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [redact(key), redactDeep(member, redact)]))
}
