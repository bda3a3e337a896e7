/**
 * Identity providers at which people sign in (OpenID Connect), as an operator writes them: whose word is taken, who of its people is
 * let in, and what they may do here. What is wrong is told at the start, each problem with its place; nothing is asked of a provider
 * before that.
 *
 * Fails closed: an entry must say whom it lets in.
 *
 * @module
 */

import { z } from 'zod'
import { ROLE_PATTERN } from '../../core/index.ts'
import { isIssuerUrl } from '../../net/index.ts'

/** What a claim has to be: this, or one of these. Of a claim that is a list, one element has to be. */
export type Wanted = string | boolean | number | readonly (string | boolean | number)[]

/** Who is let in. Every claim that is named has to fit; where addresses or domains are named, one of them, too. */
export interface AllowOptions {
  /** Of addresses that the provider has verified; what is below a domain is another one. */
  readonly emailDomains?: readonly string[] | undefined
  /** Such addresses in full. */
  readonly emails?: readonly string[] | undefined
  /** By the name of a claim, or by a path with dots. */
  readonly claims?: Readonly<Record<string, Wanted>> | undefined
}

/** What whoever fits has here. Every rule that fits counts; without a claim it is for everybody who is let in. */
export interface RoleRule {
  readonly claim?: string | undefined
  readonly value?: Wanted | undefined
  /** Instead of `value`: `*` stands for any characters. */
  readonly pattern?: string | undefined
  readonly roles?: readonly string[] | undefined
  readonly groups?: readonly string[] | undefined
}

export interface SignInProvider {
  /** In addresses and on record: it is part of the redirect URI that is registered at the provider. */
  readonly id: string
  /** What people read on the button. */
  readonly title: string
  /** Exactly as its metadata and its ID tokens write it: https, or http on loopback. */
  readonly issuer: string
  readonly clientId: string
  readonly clientSecret: string
  /** How the secret is sent; as the provider's metadata says unless told. */
  readonly clientAuth?: 'basic' | 'post' | undefined
  /** `openid`, `email` and `profile` unless told; `openid` is always among them. */
  readonly scopes?: readonly string[] | undefined
  /** Who of its people is let in. */
  readonly allow?: AllowOptions | undefined
  /** Lets in everybody who has an account at the provider: at many, that is everybody in the world. */
  readonly dangerouslyAllowAnyone?: boolean | undefined
  /** Roles and groups, read anew at each sign-in; none unless told. */
  readonly roles?: readonly RoleRule[] | undefined
  /** What accounts are named by at their first sign-in; the verified e-mail address unless told. */
  readonly nameClaim?: string | undefined
  /** After how many days without a sign-in there nothing that a person has allowed counts any more; 30 unless told. */
  readonly signInEveryDays?: number | undefined
  /** Whether to ask the provider's UserInfo endpoint for claims that its ID token lacks; it is unless told. */
  readonly userInfo?: boolean | undefined
}

const MAX_PROVIDERS = 16
const MAX_RULES = 256

const text = (most: number) =>
  z
    .string()
    .min(1)
    .max(most)
    .regex(/^[^\p{Cc}\p{Cf}\p{Zl}\p{Zp}]+$/u, 'must be one line, without anything that cannot be seen')
const scalar = z.union([z.string().min(1).max(512), z.boolean(), z.number()])
const wanted = z.union([scalar, z.array(scalar).min(1).max(100)], 'must be a text, a number, true or false, or a list of them')
const claim = z.string().min(1).max(256)
const names = z.array(z.string().regex(ROLE_PATTERN, 'must be 1 to 64 letters, digits or any of "_.:@/-"')).min(1).max(64)
const domain = z
  .string()
  .max(253)
  .regex(/^(?:[a-z0-9](?:[a-z0-9-]*[a-z0-9])?\.)+[a-z0-9-]{2,}$/, 'must be a domain in small letters, like example.com')
const email = z
  .string()
  .max(254)
  .regex(/^[^\s@A-Z]+@[^\s@A-Z]+$/, 'must be an address in small letters, like ana@example.com')

const allow: z.ZodType<AllowOptions> = z
  .strictObject({
    emailDomains: z.array(domain).min(1).max(100).optional().describe('Of e-mail addresses that the provider has verified.'),
    emails: z.array(email).min(1).max(1_000).optional().describe('Such addresses in full.'),
    claims: z.record(claim, wanted).optional().describe('What claims have to be, by name or by path with dots; all of them.'),
  })
  .refine(
    ({ emailDomains, emails, claims = {} }) => emailDomains !== undefined || emails !== undefined || Object.keys(claims).length > 0,
    'must say who is let in: emailDomains, emails or claims',
  )

const rule: z.ZodType<RoleRule> = z
  .strictObject({
    claim: claim.optional().describe('Which claim, by name or by path with dots. Without it, the rule is for everybody who is let in.'),
    value: wanted.optional().describe('What it has to be; of a list, one element.'),
    pattern: z.string().min(1).max(512).optional().describe('Instead of value: * stands for any characters.'),
    roles: names.optional().describe('The roles that whoever fits has.'),
    groups: names.optional().describe('The groups that whoever fits is in.'),
  })
  .superRefine(({ claim: named, value, pattern, roles, groups }, context) => {
    const problem = (message: string) => context.addIssue({ code: 'custom', message })
    if (named === undefined && (value !== undefined || pattern !== undefined)) problem('must say which claim is meant')
    if (named !== undefined && (value === undefined) === (pattern === undefined)) problem('must have either value or pattern beside claim')
    if (roles === undefined && groups === undefined) problem('must give roles or groups')
  })

const entry: z.ZodType<SignInProvider> = z
  .strictObject({
    id: z
      .string()
      .regex(/^[a-z0-9](?:[a-z0-9-]{0,30}[a-z0-9])?$/, 'must be 1 to 32 small letters, digits or "-"')
      .describe('Part of the redirect URI: PUBLIC_URL/sign-in/callback/ID.'),
    title: text(40).describe('What people read on the button.'),
    issuer: z
      .string()
      .max(2048)
      .refine((issuer) => isIssuerUrl(issuer), 'must be an https URL, or http on loopback, without user, query or fragment')
      .refine((issuer) => !isShared(issuer), "must be your own tenant's: at this one everybody in the world has an account")
      .describe('Exactly as its ID tokens write iss.'),
    clientId: text(1024).describe('What the provider calls this server.'),
    clientSecret: z.string().min(1).max(4096).describe('Its secret there. Use ${env:NAME} or ${file:PATH}.'),
    clientAuth: z.enum(['basic', 'post']).optional().describe('How the secret is sent. Default: as its metadata says.'),
    scopes: z
      .array(z.string().regex(/^[\x21\x23-\x5b\x5d-\x7e]{1,256}$/, 'must be a scope (RFC 6749 §3.3)'))
      .min(1)
      .max(32)
      .optional()
      .describe('What is asked for there. Default openid, email and profile.'),
    allow: allow.optional().describe('Who of its people is let in.'),
    dangerouslyAllowAnyone: z.boolean().optional().describe('Lets in everybody who has an account there. Default false.'),
    roles: z.array(rule).max(MAX_RULES).optional().describe('Roles and groups by claims, read anew at each sign-in. Default: none.'),
    nameClaim: claim.optional().describe('What accounts are named by at their first sign-in. Default: the verified e-mail address.'),
    signInEveryDays: z
      .int()
      .min(1)
      .max(365)
      .optional()
      .describe('After how many days without a sign-in there a person has to sign in again. Default 30.'),
    userInfo: z.boolean().optional().describe('Whether claims that the ID token lacks are asked for at UserInfo. Default true.'),
  })
  .superRefine(({ allow: allowed, dangerouslyAllowAnyone: anyone = false }, context) => {
    if (!anyone && allowed === undefined) context.addIssue({ code: 'custom', path: ['allow'], message: 'must say who is let in' })
    if (anyone && allowed !== undefined)
      context.addIssue({ code: 'custom', path: ['dangerouslyAllowAnyone'], message: 'does not go together with allow' })
  })

export const signInSchema: z.ZodType<readonly SignInProvider[]> = z
  .array(entry)
  .max(MAX_PROVIDERS)
  .superRefine((entries, context) => {
    entries.forEach(({ id, issuer }, at) => {
      const before = entries.slice(0, at)
      const again = (path: string) =>
        context.addIssue({ code: 'custom', path: [at, path], message: `there is an entry with this ${path} already` })
      if (before.some((each) => each.id === id)) again('id')
      // Two entries for one issuer would let in by one what the other refuses, and read roles now by one, now by the other.
      if (before.some((each) => each.issuer === issuer)) again('issuer')
    })
  })

/** Entra's issuers for the people of any tenant: what they vouch for is whatever the owner of some tenant says. */
const isShared = (issuer: string): boolean =>
  /^https:\/\/login\.(?:microsoftonline\.com|microsoftonline\.us|partner\.microsoftonline\.cn)\/(?:common|organizations|consumers)\b/i.test(
    issuer,
  )
