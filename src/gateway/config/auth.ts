/** The block `auth` of the configuration, and the values from elsewhere in it. @module */

import { z } from 'zod'
import { refineAuth } from '../../oauth/index.ts'
import { type AuthOptions, authShape } from '../../server/index.ts'
import { type Env, expand } from './expand.ts'
import type { Findings } from './problems.ts'
import type { SourceFile } from './source-file.ts'

/** Callers without a credential are for tests, and so for code. */
export type AuthEntry = Omit<AuthOptions, 'dangerouslyAllowAnonymous'>

export const authBlock: z.ZodType<AuthEntry> = z.strictObject(authShape).superRefine(refineAuth)

/** Filled in before it is judged: an issuer may come from the environment. */
export function fillAuth(written: unknown, source: SourceFile, env: Env, { problems, warnings }: Findings): unknown {
  function fill(value: unknown, path: readonly (string | number)[]): unknown {
    if (typeof value === 'string') {
      const { text, problems: missing, referred } = expand(value, env, source.dir)
      const at = `${source.where(path)}: ${path.join('.')}`
      for (const problem of missing) problems.push(`${at}: ${problem}`)
      if (path.at(-1) === 'clientSecret' && !referred)
        warnings.push(`${at}: a secret is written out here; use \${env:NAME} or \${file:PATH}`)
      return text
    }
    if (Array.isArray(value)) return value.map((each, at) => fill(each, [...path, at]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, fill(each, [...path, name])]))
  }
  return fill(written, ['auth'])
}
