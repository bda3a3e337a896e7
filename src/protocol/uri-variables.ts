/**
 * Reads the variables of a resource template back out of a URI: RFC 6570 the other way round, for templates of our own. It
 * knows `{name}` (one or more characters, none of them `/` or `?`), `{+name}` (any, once in a template) and, at the end,
 * `{?a,b}` (each may be absent, in any order).
 *
 * Linear in the URI's length for each variable, without a regular expression. A value is percent-decoded once. Fails closed: a
 * URI that can be read in two ways, or whose values could lead somewhere else (a separator or dots in a simple one, a segment
 * of dots in a reserved one, control characters, broken UTF-8), is none of the template's.
 *
 * @module
 */

import { type Finder, finder, MAX_TEMPLATE_LENGTH, MAX_URI_LENGTH, MAX_VARIABLES } from './uri-template.ts'

export interface UriTemplate {
  readonly variables: readonly TemplateVariable[]
  /** The value of each variable that the URI has; undefined: it is none of this template's. */
  read(uri: string): Readonly<Record<string, string>> | undefined
}

export interface TemplateVariable {
  readonly name: string
  /** Only what stands behind the `?` may be absent. */
  readonly operator: '' | '+' | '?'
}

/** What a URI without a fragment is made of (RFC 3986 §2): anything else was never encoded. */
const uriCharacters = /^(?:[\w\-.~:/?[\]@!$&'()*+,;=]|%[0-9A-Fa-f]{2})*$/
const scheme = /^[A-Za-z][A-Za-z0-9+.-]*:/
const variableName = /^[A-Za-z_]\w{0,63}$/
/** An encoded separator, or a segment of dots: what somebody else may understand as another place. */
const unclear = /%(?:2f|5c)|(?:^|[/:])(?:\.|%2e){1,2}(?:[/?]|$)/i
const controls = /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/

/** What is wrong with a URI that we are to offer; undefined: nothing. */
export function uriProblem(uri: string): string | undefined {
  if (uri.length > MAX_URI_LENGTH) return `is longer than ${MAX_URI_LENGTH} characters`
  if (!scheme.test(uri)) return 'does not begin with a scheme (RFC 3986 §3.1)'
  if (!uriCharacters.test(uri)) return 'has characters that a URI cannot have: percent-encode them, and leave out a fragment (RFC 3986 §2)'
  return unclear.test(uri) ? 'has a segment of dots, or an encoded separator' : undefined
}

/** The same for all URIs that differ in nothing but percent-encoding. */
export const equivalenceKey = (uri: string): string =>
  uri.replace(/%[0-9A-Fa-f]{2}/g, (encoded) => String.fromCharCode(Number.parseInt(encoded.slice(1), 16)))

export function parseUriTemplate(template: string): UriTemplate | { readonly problem: string } {
  const parts = split(template)
  if ('problem' in parts) return parts
  const { literals, variables, query } = parts
  const first = literals[0] as string
  const last = literals.at(-1) as string
  const finders = literals.map(finder)

  function read(uri: string): Readonly<Record<string, string>> | undefined {
    if (uri.length > MAX_URI_LENGTH || !uriCharacters.test(uri) || unclear.test(uri)) return undefined
    const mark = query.length > 0 ? uri.indexOf('?') : -1
    const path = mark === -1 ? uri : uri.slice(0, mark)
    const values = new Map<string, string>()
    if (!path.startsWith(first) || !path.endsWith(last) || !readPath(path, values)) return undefined
    if (mark !== -1 && !readQuery(uri.slice(mark + 1), query, values)) return undefined
    return Object.fromEntries(values)
  }

  function readPath(path: string, values: Map<string, string>): boolean {
    if (variables.length === 0) return path === first
    // In how many ways one may be at each place before each variable; two stands for more.
    const ways: Uint8Array[] = [new Uint8Array(path.length + 1)]
    ;(ways[0] as Uint8Array)[first.length] = 1
    for (const [i, variable] of variables.entries()) {
      const literal = literals[i + 1] as string
      ways.push(after(path, ways[i] as Uint8Array, variable.operator === '+', literal.length, (finders[i + 1] as Finder)(path)))
    }
    if ((ways.at(-1) as Uint8Array)[path.length] !== 1) return false
    // There is one way, so that going back there is one step to take.
    let end = path.length
    for (let i = variables.length - 1; i >= 0; i--) {
      end -= (literals[i + 1] as string).length
      let start = end - 1
      while ((ways[i] as Uint8Array)[start] === 0) start--
      const { name, operator } = variables[i] as TemplateVariable
      const value = decode(path.slice(start, end), operator)
      // `file:///` and `/etc/passwd` would make an absolute path of a relative one.
      if (value === undefined || (value.startsWith('/') && literals[i]?.endsWith('/'))) return false
      values.set(name, value)
      end = start
    }
    return true
  }

  return { variables: [...variables, ...query.map((name) => ({ name, operator: '?' as const }))], read }
}

/** In how many ways one may be at each place behind a variable and the literal after it. */
function after(path: string, ways: Uint8Array, spans: boolean, length: number, found: Uint8Array): Uint8Array {
  const behind = new Uint8Array(path.length + 1)
  let inside = 0
  for (let at = 0; at <= path.length; at++) {
    if (at > 0 && !spans && (path[at - 1] === '/' || path[at - 1] === '?')) inside = 0
    if (inside > 0 && found[at]) behind[at + length] = inside
    inside = Math.min(2, inside + (ways[at] as number))
  }
  return behind
}

function readQuery(text: string, names: readonly string[], values: Map<string, string>): boolean {
  for (const pair of text.split('&')) {
    const equals = pair.indexOf('=')
    const name = pair.slice(0, equals)
    const value = decode(pair.slice(equals + 1), '?')
    if (equals === -1 || !names.includes(name) || values.has(name) || value === undefined) return false
    values.set(name, value)
  }
  return true
}

/** Undefined for a value that nobody should be handed. */
function decode(raw: string, operator: TemplateVariable['operator']): string | undefined {
  let value: string
  try {
    // Overlong and broken UTF-8 throw.
    value = decodeURIComponent(raw)
  } catch {
    return undefined
  }
  if (controls.test(value) || value.includes('\\')) return undefined
  if (operator === '+') return value.split('/').some((segment) => segment === '.' || segment === '..') ? undefined : value
  return value === '.' || value.includes('..') || value.includes('/') ? undefined : value
}

interface Parts {
  /** One more than there are variables. */
  readonly literals: readonly string[]
  readonly variables: readonly TemplateVariable[]
  readonly query: readonly string[]
}

function split(template: string): Parts | { readonly problem: string } {
  if (template.length > MAX_TEMPLATE_LENGTH) return { problem: `is longer than ${MAX_TEMPLATE_LENGTH} characters` }
  // A literal, an expression, a literal, and so on.
  const pieces = template.split(/\{([^{}]*)\}/)
  const literals = pieces.filter((_, i) => i % 2 === 0)
  const expressions = pieces.filter((_, i) => i % 2 === 1)
  let query: readonly string[] = []
  if (expressions.at(-1)?.startsWith('?') && literals.at(-1) === '') {
    query = (expressions.pop() as string).slice(1).split(',')
    literals.pop()
  }
  const variables = expressions.map((expression): TemplateVariable => {
    const operator = expression.startsWith('+') ? '+' : ''
    return { name: expression.slice(operator.length), operator }
  })
  const names = [...variables.map(({ name }) => name), ...query]
  const problem = templateProblem(literals, variables, query.length > 0, names)
  return problem === undefined ? { literals, variables, query } : { problem }
}

function templateProblem(
  literals: readonly string[],
  variables: readonly TemplateVariable[],
  hasQuery: boolean,
  names: readonly string[],
): string | undefined {
  if (literals.some((literal) => /[{}]/.test(literal))) return 'has braces that do not pair'
  if (!names.every((name) => variableName.test(name))) return 'has an expression other than {name}, {+name} and, at its end, {?a,b}'
  if (new Set(names).size < names.length) return 'has the same variable twice'
  if (names.length === 0) return 'has no variable: make it a resource'
  if (names.length > MAX_VARIABLES) return `has more than ${MAX_VARIABLES} variables`
  if (!scheme.test(literals[0] as string)) return 'does not begin with a scheme (RFC 3986 §3.1)'
  if (literals.slice(1, -1).includes('')) return 'has two variables side by side, which no URI tells apart'
  if (variables.filter(({ operator }) => operator === '+').length > 1) return 'has more than one {+name}, which no URI tells apart'
  if (hasQuery && literals.some((literal) => literal.includes('?'))) return 'has a "?" and a {?…}'
  return uriProblem(literals.join('x'))
}
