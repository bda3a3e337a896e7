/**
 * What is kept of a value that may be a secret: as little of it as makes it none. Everything else of it is kept, since what is not kept
 * could be changed, and nobody would be asked: where a secret is sent to, which command is run for it. Pure.
 *
 * @module
 */

import { secretsIn } from '../secrets/secrets-in.ts'

const HIDDEN = '(a secret)'
const REFERENCE = /\$\{[^}]*\}/g
/** Says how a secret is got, and is none. */
const TELLS_HOW = /(?:^|[-_])(?:command|cmd|exec|helper|program|script|process)$/i
/** Says who is shown it. */
const TELLS_WHERE = /(?:^|[-_])(?:host|hostname|server|address|domain|proxy|issuer|audience)$/i

type Hide = (text: string) => string

export function withoutSecret(name: string, value: string, hide: Hide = hidden): string {
  const told = value.replace(/(\$\{(?:env:)?(\w+):-)([^}]*)\}/g, (_, before: string, referred: string, instead: string) => {
    const called = isOne(name, instead) || TELLS_HOW.test(name) ? name : referred
    return `${before}${isOne(called, instead) ? shown(called, instead, hide) : instead}}`
  })
  // What refers to a value says nothing of it.
  return isOne(name, value.replace(REFERENCE, '')) ? shown(name, told, hide) : told
}

/** Of what is called like a secret. */
function shown(name: string, value: string, hide: Hide): string {
  if (TELLS_HOW.test(name)) return value
  return ofUrl(value) ?? (TELLS_WHERE.test(name) ? value : hide(value))
}

/** Which other value is sent along with it is none. */
const hidden: Hide = (text) => HIDDEN + (text.match(REFERENCE) ?? []).join('')

/** In a line for a shell, what comes behind it is the next command. */
const hiddenWord: Hide = (line) => line.replace(FIRST_WORD, (word) => (word === '' ? '' : hidden(word)))
const FIRST_WORD = /^(?:(?:Bearer|Basic|Token|ApiKey)\s+)?(?:\$\{[^}]*\}|"(?:\$\{[^}]*\}|[^"$`\\])*"|'[^']*'|[^\s;&|<>()"'`$\\])*/i

const isOne = (name: string, value: string): boolean => secretsIn(name, value).length > 0

/**
 * Where it leads: what comes behind may be what lets one in. To who follows it a `\` is a `/` (WHATWG URL §4.4), and clients of databases
 * take another host from the query.
 */
function ofUrl(value: string): string | undefined {
  const [, scheme, access, host, path, query, fragment] =
    /^([a-z][a-z0-9+.-]*:\/\/)([^/\\?#\s@]*@)?([^/\\?#\s@]+)(\/[^?#\s]*)?(\?[^#\s]*)?(#\S*)?$/i.exec(value) ?? []
  if (scheme === undefined || host === undefined) return undefined
  const told = [
    access && `${hidden(access)}@`,
    host,
    path && path !== '/' && `/${hidden(path)}`,
    query && (query.includes('=') ? urlWithoutSecret(query) : `?${hidden(query)}`),
    fragment && `#${hidden(fragment)}`,
  ]
  return scheme + told.filter(Boolean).join('')
}

/** `--token=…`, `-e NAME=…`, `--header 'Authorization: …'`, or the value behind its flag. */
export function argumentWithoutSecret(arg: string, before = ''): string {
  const [, head = '', name] =
    /^(--?([\w-]+)=)/.exec(arg) ?? /^(([A-Za-z_][\w.-]*)=)/.exec(arg) ?? /^(([A-Za-z][\w-]*): *)(?!\/\/)/.exec(arg) ?? []
  const hide = !head.startsWith('-') && isLine(arg, before) ? hiddenWord : hidden
  const kept = name === undefined ? arg : head + withoutSecret(name, arg.slice(head.length), hide)
  const [, flag] = /^--?([\w-]+)$/.exec(before) ?? []
  return kept !== arg || flag === undefined || arg.startsWith('-') ? kept : withoutSecret(flag, arg)
}

/** Where a shell would see more than one word, unless one value is said to come. `-e` is a variable to docker, and a program to node. */
const isLine = (arg: string, before: string): boolean =>
  !/^(?:-H|--header|--env)$/.test(before) && (before === '-e' ? /\s/ : /[\s;&|<>()`]/).test(arg)

/** Where it leads is kept, and of its query what is no secret. A reference is one piece, whatever is in it. */
export function urlWithoutSecret(url: string): string {
  return url.replace(
    /(\$\{(?:env:)?\w+:-)([^}]*)\}|([?&])([^=&#$]*)=((?:\$\{[^}]*\}|[^&#])*)/g,
    (_, reference: string | undefined, instead: string, before: string, name: string, value: string) =>
      reference === undefined ? `${before}${name}=${withoutSecret(decoded(name), value)}` : `${reference}${urlWithoutSecret(instead)}}`,
  )
}

function decoded(name: string): string {
  try {
    return decodeURIComponent(name)
  } catch {
    return name
  }
}
