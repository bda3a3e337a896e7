/**
 * Personal data in what leaves, by the rules of the entry that it comes from:
 *
 *   promise → project → [personal] → seal → budget → bound
 *
 * Every text and every name in a result, and the text in a resource's `blob`; numbers of seven digits and more, which become texts. Not
 * the URIs of resources, which would lead nowhere, nor `_meta`. A detector: what it does not find, leaves. What it finds and cannot do as
 * it is told, it masks.
 *
 * @module
 */

import {
  allow,
  findBeside,
  findPersonal,
  type JsonObject,
  type PersonalRules,
  type Principal,
  redactDeep,
  replaceFindings,
  subjectOf,
} from '../../core/index.ts'
import type { KeyRing } from '../../vault/index.ts'
import type { PersonalTokens } from '../personal/index.ts'
import { charactersOf } from './size.ts'
import { changeSlowly } from './slices.ts'
import type { Step } from './steps.ts'

export interface PersonalData {
  /** The step of a result. */
  readonly step: Step
  /** Of what cannot wait: a notification. What would get a sign is masked. */
  readonly now: (value: JsonObject, rules: PersonalRules) => JsonObject
}

export interface PersonalDataOptions {
  readonly keyRing: KeyRing
  readonly tokens: PersonalTokens
}

/** What is longer is not looked at in one go. */
const LARGE = 512 * 1024
/** Stands for anything that was found. */
const FOUND = '\u0000'
const HASH_CHARACTERS = 16
/** New ones in one result; what is beyond is masked. */
const MAX_SIGNS = 1_000

export function createPersonalData({ keyRing, tokens }: PersonalDataOptions): PersonalData {
  const hashOf = (kind: string, value: string): string =>
    `[${kind}:${keyRing
      .mac('personal-hash', JSON.stringify([kind, value]))
      .toString('hex')
      .slice(0, HASH_CHARACTERS)}]`

  /** `signs`: those that were given, and what for. Undefined: none can be. */
  function changeOf({ kinds, actions }: PersonalRules, subject: string, signs: Map<string, string> | undefined) {
    const instead = (kind: string, found: string): string => {
      switch (actions[kind]) {
        case 'drop':
          return ''
        case 'hash':
          return hashOf(kind, found)
        case 'tokenise': {
          if (!signs || signs.size >= MAX_SIGNS) break
          const sign = tokens.signOf(kind, found, subject)
          signs.set(sign, found)
          return sign
        }
      }
      return `[redacted:${kind}]`
    }
    const change = (text: string, name?: string): string =>
      name === 'uri'
        ? text
        : replaceFindings(
            text,
            findBeside(text, name, (each) => findPersonal(each, kinds)),
            ({ type, start, end }) => instead(type, text.slice(start, end)),
          )
    return change
  }

  function clean(value: JsonObject, rules: PersonalRules, subject: string, signs: Map<string, string> | undefined): JsonObject {
    const { _meta, ...rest } = value
    const cleaned = redactDeep(rest, changeOf(rules, subject, signs), true) as JsonObject
    return cleaned === rest ? value : { ...cleaned, ...(_meta === undefined ? {} : { _meta }) }
  }

  /** The same of what is large, while others have their turn. */
  async function cleanLarge(
    value: JsonObject,
    rules: PersonalRules,
    subject: string,
    signs: Map<string, string> | undefined,
  ): Promise<JsonObject> {
    const { _meta, ...rest } = value
    const change = changeOf(rules, subject, signs)
    const cleaned = (await changeSlowly(rest, {
      deep: (part) => redactDeep(part, change, true),
      text: change,
      trial: (text) => replaceFindings(text, findPersonal(text, rules.kinds), () => FOUND),
    })) as JsonObject
    return { ...cleaned, ...(_meta === undefined ? {} : { _meta }) }
  }

  async function kept(result: JsonObject, signs: Map<string, string>, whole: JsonObject, rules: PersonalRules, principal: Principal) {
    const subject = subjectOf(principal)
    return allow((await tokens.keep(signs, subject)) ? result : clean(whole, rules, subject, undefined))
  }

  async function large(result: JsonObject, rules: PersonalRules, principal: Principal, signs: Map<string, string>) {
    const subject = subjectOf(principal)
    const cleaned = await cleanLarge(result, rules, subject, signs)
    return allow(signs.size === 0 || (await tokens.keep(signs, subject)) ? cleaned : await cleanLarge(result, rules, subject, undefined))
  }

  return {
    step(result, { entry, principal }) {
      const rules = entry.release?.personal
      if (!rules || rules.kinds.length === 0) return allow(result)
      const signs = new Map<string, string>()
      if (charactersOf(result, LARGE) > LARGE) return large(result, rules, principal, signs)
      const cleaned = clean(result, rules, subjectOf(principal), signs)
      return signs.size === 0 ? allow(cleaned) : kept(cleaned, signs, result, rules, principal)
    },
    now: (value, rules) => (rules.kinds.length === 0 ? value : clean(value, rules, '', undefined)),
  }
}
