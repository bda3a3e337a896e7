/**
 * Matches URIs against resource templates (RFC 6570, simple expansion): `{name}` stands for one or more characters other
 * than `/`, `{+name}` and `{/name*}`-like expressions for any. Linear in the URI's length for each variable, without a
 * regular expression: templates come from upstreams.
 *
 * A wrong match costs nothing but an upstream's own refusal, since the URI is passed on as it is; authorization hangs on
 * the template that matched, so what is unclear does not match.
 *
 * @module
 */

/** @returns whether a URI may be an expansion of `template`; undefined if the template cannot be understood. */
export function matchTemplate(template: string): ((uri: string) => boolean) | undefined {
  const parts = parse(template)
  if (!parts) return undefined
  const { literals, variables } = parts
  const first = literals[0] as string
  const last = literals.at(-1) as string

  return function matches(uri) {
    if (variables.length === 0) return uri === first
    if (!uri.startsWith(first) || !uri.endsWith(last)) return false
    // Where the next variable may begin: every place at once, so that nothing is ever tried twice.
    let starts = new Uint8Array(uri.length + 1)
    starts[first.length] = 1
    for (let i = 0; i < variables.length; i++) {
      const next = after(uri, starts, variables[i] as Variable, literals[i + 1] as string)
      if (!next) return false
      starts = next
    }
    return starts[uri.length] === 1
  }
}

/** Where one may be after `variable` and the literal behind it, having been at `starts`; undefined: nowhere. */
function after(uri: string, starts: Uint8Array, { spans, optional }: Variable, literal: string): Uint8Array<ArrayBuffer> | undefined {
  const ends = new Uint8Array(uri.length + 1)
  let inside = false
  let any = false
  for (let at = 0; at <= uri.length; at++) {
    if (at > 0 && !spans && uri[at - 1] === '/') inside = false
    if (optional && starts[at]) inside = true
    if (inside && uri.startsWith(literal, at)) {
      ends[at + literal.length] = 1
      any = true
    }
    if (starts[at]) inside = true
  }
  return any ? ends : undefined
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
