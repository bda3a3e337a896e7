/**
 * Whose word about others this server takes: an enterprise's identity provider for its people (ID-JAG), a platform for what
 * runs on it (workload identity), and what each of those may do here. Options, their schema, and the rules; pure.
 *
 * Fails closed: an issuer, a use or a subject that no entry names is nobody's.
 *
 * @module
 */

import { z } from 'zod'
import { ROLE_PATTERN, SCOPE_PATTERN } from '../../core/index.ts'
import { isIssuerUrl } from '../../net/index.ts'

/** `id-jag`: the people of an enterprise (SEP-990). `workload`: what runs on a platform, with nobody present (SEP-1933). */
export type AssertionUse = 'id-jag' | 'workload'

/** What whoever matches may do. */
export interface SubjectRule {
  /** At most these. For a workload they must be given; for a person they are what the assertion says unless told. */
  readonly scopes?: readonly string[] | undefined
  readonly roles?: readonly string[] | undefined
}

export interface TrustedIssuer {
  /** Exactly as its assertions write `iss`: https, or http on loopback. */
  readonly issuer: string
  readonly use: readonly AssertionUse[]
  /** Where its keys are, where its metadata does not say it. */
  readonly jwksUri?: string | undefined
  /** What a workload's assertion is for (`aud`), instead of this server's issuer. */
  readonly audience?: string | undefined
  /**
   * Who, by `sub`; the first that matches counts. `*` stands for one or more characters, but never for a colon. Without it everybody
   * of the issuer is meant: possible for people only.
   */
  readonly subjects?: Readonly<Record<string, SubjectRule>> | undefined
  /** How long a token is good for; 900 for a workload, like any other for a person unless told. Never longer than those. */
  readonly tokenTtlSeconds?: number | undefined
  /**
   * Takes one assertion of a workload any number of times until it expires, so that whoever copies it can use it too: for platforms that
   * hand a workload one and the same for an hour (Kubernetes).
   */
  readonly dangerouslyAllowReuse?: boolean | undefined
}

const MAX_ISSUERS = 32
const MAX_SUBJECTS = 256
const issuerUrl = z
  .string()
  .max(2048)
  .refine((value) => isIssuerUrl(value), 'must be an https URL, or http on loopback, without query and fragment')
const keysUrl = z
  .string()
  .max(2048)
  .refine((value) => isIssuerUrl(value, { query: true }), 'must be an https URL, or http on loopback, without fragment')

const rule: z.ZodType<SubjectRule> = z.strictObject({
  scopes: z.array(z.string().regex(SCOPE_PATTERN, 'must be a scope (RFC 6749 §3.3)')).min(1).max(64).optional().describe('At most these.'),
  roles: z
    .array(z.string().regex(ROLE_PATTERN, 'must be 1 to 64 letters, digits or any of "_.:@/-"'))
    .max(64)
    .optional()
    .describe('Roles, for conditions. Default: none.'),
})

const entry: z.ZodType<TrustedIssuer> = z
  .strictObject({
    issuer: issuerUrl.describe('Exactly as its assertions write iss.'),
    use: z
      .array(z.enum(['id-jag', 'workload']))
      .min(1)
      .max(2)
      .describe('id-jag: the people of an enterprise. workload: what runs on a platform.'),
    jwksUri: keysUrl.optional().describe('Where its keys are. Default: where its metadata says.'),
    audience: z.string().min(1).max(2048).optional().describe("What a workload's assertion is for. Default: the issuer of this server."),
    subjects: z
      .record(z.string().regex(/^[\x20-\x7e]{1,512}$/, 'must be 1 to 512 printable ASCII characters'), rule)
      .refine((subjects) => Object.keys(subjects).length <= MAX_SUBJECTS, `has at most ${MAX_SUBJECTS} entries`)
      .optional()
      .describe('Who, by sub, and what they may do; * stands for any characters but a colon. The first that matches counts.'),
    tokenTtlSeconds: z.int().min(60).max(86_400).optional().describe('How long a token is good for.'),
    dangerouslyAllowReuse: z
      .boolean()
      .optional()
      .describe("Takes a workload's assertion more than once: whoever copies it can use it too. Default false."),
  })
  .superRefine((given, context) => {
    for (const [path, message] of problemsOf(given)) context.addIssue({ code: 'custom', path, message })
  })

export const trustedIssuersSchema: z.ZodType<readonly TrustedIssuer[]> = z
  .array(entry)
  .max(MAX_ISSUERS)
  .superRefine((entries, context) => {
    const seen = new Set<string>()
    entries.forEach(({ issuer, use }, at) => {
      for (const one of new Set(use)) {
        const key = JSON.stringify([issuer, one])
        if (seen.has(key))
          context.addIssue({ code: 'custom', path: [at], message: `there is an entry with this issuer for ${one} already` })
        seen.add(key)
      }
    })
  })

/** Platforms whose issuer is everybody's: a pattern there must say whose projects are meant. */
const shared: readonly (readonly [issuer: string, pattern: RegExp, shape: string])[] = [
  ['https://token.actions.githubusercontent.com', /^repo:[^*:/]+\//, 'repo:OWNER/'],
  ['https://gitlab.com', /^project_path:[^*:/]+\//, 'project_path:GROUP/'],
]

function* problemsOf({ issuer, use, audience, subjects, dangerouslyAllowReuse }: TrustedIssuer): Generator<[string[], string]> {
  const isForWorkloads = use.includes('workload')
  if (!isForWorkloads && audience !== undefined) yield [['audience'], 'has a meaning for workloads only: an ID-JAG is for this server']
  if (!isForWorkloads && dangerouslyAllowReuse !== undefined) yield [['dangerouslyAllowReuse'], 'is possible for workloads only']
  if (isForWorkloads && Object.keys(subjects ?? {}).length === 0)
    yield [['subjects'], 'must say which workloads are meant: without it all of the issuer would be']
  for (const [pattern, { scopes }] of Object.entries(subjects ?? {})) {
    if (isForWorkloads && scopes === undefined)
      yield [['subjects', pattern, 'scopes'], 'must be given for a workload: nobody is asked what it may do']
    if (isForWorkloads && pattern.startsWith('*'))
      yield [['subjects', pattern], 'must not begin with *: it would let in whoever the issuer names']
    const [, required, shape] = shared.find(([one]) => one === issuer) ?? []
    if (isForWorkloads && required?.test(pattern) === false)
      yield [['subjects', pattern], `must begin with ${shape} in full: the whole world has workloads at this issuer`]
  }
}

/** What an entry allows a subject. `scopes`: undefined is whatever the assertion says. */
export interface Allowed {
  readonly scopes: readonly string[] | undefined
  readonly roles: readonly string[]
}

export interface Trust {
  find(issuer: string, use: AssertionUse): TrustedIssuer | undefined
  /** Undefined for whom no rule names. */
  allowed(issuer: string, use: AssertionUse, subject: string): Allowed | undefined
}

export function createTrust(entries: readonly TrustedIssuer[]): Trust {
  const find: Trust['find'] = (issuer, use) => entries.find((each) => each.issuer === issuer && each.use.includes(use))
  return {
    find,
    allowed(issuer, use, subject) {
      const found = find(issuer, use)
      if (found === undefined) return undefined
      if (found.subjects === undefined) return use === 'id-jag' ? { scopes: undefined, roles: [] } : undefined
      const [, matched] = Object.entries(found.subjects).find(([pattern]) => matchesSubject(pattern, subject)) ?? []
      return matched && { scopes: matched.scopes, roles: matched.roles ?? [] }
    },
  }
}

/** Between colons, one by one: a wildcard never reaches into what comes after, where the platform says which branch or account it was. */
export function matchesSubject(pattern: string, subject: string): boolean {
  const wanted = pattern.split(':')
  const given = subject.split(':')
  return wanted.length === given.length && wanted.every((part, at) => matchesPart(part, given[at] as string))
}

/** Without going back more than to the last `*`: the time is bounded by the product of both lengths. */
function matchesPart(pattern: string, text: string): boolean {
  let at = 0
  let star = -1
  let resumeAt = 0
  let i = 0
  while (i < text.length) {
    if (pattern[at] === '*') {
      star = at++
      resumeAt = ++i
    } else if (at < pattern.length && pattern[at] === text[i]) {
      at++
      i++
    } else if (star >= 0) {
      at = star + 1
      i = ++resumeAt
    } else return false
  }
  return at === pattern.length
}
