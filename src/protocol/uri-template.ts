/**
 * Matches URIs against resource templates (RFC 6570, simple expansion): `{name}` stands for one or more characters other
 * than `/` and `?`, `{+name}` and `{/name*}`-like expressions for any. Linear in the URI's length for each variable, without
 * a regular expression: templates come from upstreams.
 *
 * A match is what authorization hangs on, and the URI is passed on as it is: what is unclear does not match. That is a URI
 * that an upstream may understand as another place than the template's: with a fragment, a backslash, a separator in
 * percent-encoding, or a segment of dots.
 *
 * @module
 */

/** Longer ones are nobody's: a bound on what a match can cost. */
export const MAX_URI_LENGTH = 4096
export const MAX_TEMPLATE_LENGTH = 1024
export const MAX_VARIABLES = 10

const unclear = /[\u0000-\u001f\u007f#\\]|%(?:2f|5c|23)|(?:^|[/:=])(?:\.|%2e){1,2}(?:[/?&]|$)/i

/** @returns whether a URI may be an expansion of `template`; undefined if the template cannot be understood. */
export function matchTemplate(template: string): ((uri: string) => boolean) | undefined {
  const parts = template.length > MAX_TEMPLATE_LENGTH ? undefined : parse(template)
  if (!parts || parts.variables.length > MAX_VARIABLES) return undefined
  const { literals, variables } = parts
  const first = literals[0] as string
  const last = literals.at(-1) as string
  const finders = literals.map(finder)

  return function matches(uri) {
    if (uri.length > MAX_URI_LENGTH) return false
    if (variables.length === 0) return uri === first
    if (!uri.startsWith(first) || !uri.endsWith(last) || unclear.test(uri)) return false
    // Where the next variable may begin: every place at once, so that nothing is ever tried twice.
    let starts = new Uint8Array(uri.length + 1)
    starts[first.length] = 1
    for (let i = 0; i < variables.length; i++) {
      const literal = literals[i + 1] as string
      const next = after(uri, starts, variables[i] as Variable, literal.length, (finders[i + 1] as Finder)(uri))
      if (!next) return false
      starts = next
    }
    return starts[uri.length] === 1
  }
}

/**
 * Where one may be after `variable` and the literal behind it, having been at `starts`; undefined: nowhere.
 * `found`: where that literal, of `length` characters, is.
 */
function after(
  uri: string,
  starts: Uint8Array,
  { spans, optional }: Variable,
  length: number,
  found: Uint8Array,
): Uint8Array<ArrayBuffer> | undefined {
  const ends = new Uint8Array(uri.length + 1)
  let inside = false
  let any = false
  for (let at = 0; at <= uri.length; at++) {
    if (at > 0 && !spans && (uri[at - 1] === '/' || uri[at - 1] === '?')) inside = false
    if (optional && starts[at]) inside = true
    if (inside && found[at]) {
      ends[at + length] = 1
      any = true
    }
    if (starts[at]) inside = true
  }
  return any ? ends : undefined
}

export type Finder = (uri: string) => Uint8Array

/** Finds every place where `literal` begins, reading each character once (Knuth, Morris and Pratt). */
export function finder(literal: string): Finder {
  if (literal === '') return (uri) => new Uint8Array(uri.length + 1).fill(1)
  // How much of the literal is still matched after a mismatch behind each of its characters.
  const falls = new Uint16Array(literal.length)
  for (let i = 1, matched = 0; i < literal.length; i++) {
    while (matched > 0 && literal[i] !== literal[matched]) matched = falls[matched - 1] as number
    if (literal[i] === literal[matched]) matched++
    falls[i] = matched
  }
  return (uri) => {
    const found = new Uint8Array(uri.length + 1)
    for (let i = 0, matched = 0; i < uri.length; i++) {
      while (matched > 0 && (matched === literal.length || uri[i] !== literal[matched])) matched = falls[matched - 1] as number
      if (uri[i] === literal[matched]) matched++
      if (matched === literal.length) found[i + 1 - matched] = 1
    }
    return found
  }
}

interface Variable {
  readonly spans: boolean
  readonly optional: boolean
}

function parse(template: string): { literals: string[]; variables: Variable[] } | undefined {
  const literals: string[] = []
  const variables: Variable[] = []
  let at = 0
  for (;;) {
    const open = template.indexOf('{', at)
    if (open === -1) break
    const close = template.indexOf('}', open)
    if (close === -1) return undefined
    const expression = template.slice(open + 1, close)
    const operator = '+#./;?&'.includes(expression[0] ?? '') ? (expression[0] as string) : ''
    if (!/^[\w%.,:*-]+$/.test(operator ? expression.slice(1) : expression)) return undefined
    literals.push(template.slice(at, open))
    // `{+path}` may hold slashes; `{?q}`, `{/p*}` and the other operators may also expand to nothing.
    variables.push({ spans: operator !== '' || expression.endsWith('*'), optional: operator !== '' && operator !== '+' })
    at = close + 1
  }
  const rest = template.slice(at)
  if (rest.includes('}') || literals.some((literal) => literal.includes('}'))) return undefined
  literals.push(rest)
  // Two variables side by side cannot be told apart, and need not be: together they are one.
  for (let i = variables.length - 1; i > 0; i--) {
    if (literals[i] !== '') continue
    const [left, right] = [variables[i - 1] as Variable, variables[i] as Variable]
    variables.splice(i - 1, 2, { spans: left.spans || right.spans, optional: left.optional && right.optional })
    literals.splice(i, 1)
  }
  return { literals, variables }
}
