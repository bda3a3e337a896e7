/**
 * Reads a prompt's template into the messages that it will become, before any value is known.
 *
 * A line that begins with `System:` or `Assistant:` is a *role line*; the prefix holds for its own line only, in any case and
 * behind any indentation. Every other line is what the user says, with or without `User:` before it. In the guide's template
 * `System: You are a helpful assistant for {{company_name}}.` is a role line, `User's name: {{user_name}}` is not.
 *
 * A role line has its values inside it, so its parameters must be bounded. In the user's lines a placeholder becomes a label,
 * `[data: user_name]`, and the value a message of its own, right behind the line that names it first. Neighbouring lines of one
 * kind are one message. So how many messages there are, and everything in them but the values, depends on the template and on
 * which optional arguments are given, never on what is in a value.
 *
 * @module
 */

import { cleanText } from './unicode.ts'

/** Literal text, or the place of a value. */
export type Piece = string | { readonly name: string }

export type Block =
  /** The user's places are filled with labels, the others' with values. */
  { readonly kind: 'system' | 'assistant' | 'user'; readonly pieces: readonly Piece[] } | { readonly kind: 'data'; readonly name: string }

export interface Use {
  readonly name: string
  readonly line: number
  /** The role whose line it stands in; undefined: the user's. */
  readonly role: 'System' | 'Assistant' | undefined
}

export interface Template {
  readonly blocks: readonly Block[]
  readonly uses: readonly Use[]
}

const MAX_TEMPLATE_CHARACTERS = 32_768
const MAX_PLACEHOLDERS = 256

const placeholder = /\{\{[ \t]*([A-Za-z][\w-]{0,63})[ \t]*\}\}/g
const prefix = /^\s*(system|assistant|user)\s*[:\uff1a]\s*/i

/** Every problem is reported, with its line. */
export function readTemplate(source: string, report: (problem: string) => void): Template {
  const uses: Use[] = []
  if (source.length > MAX_TEMPLATE_CHARACTERS) {
    report(`template: has more than ${MAX_TEMPLATE_CHARACTERS} characters`)
    return { blocks: [], uses }
  }
  const text = source.replaceAll('\r\n', '\n')
  const { removed } = cleanText(text)
  if (removed.length > 0) report(`template: has hidden characters (${removed.map(({ kind, count }) => `${count} ${kind}`).join(', ')})`)
  if (/[\u2028\u2029]/.test(text)) report('template: has a line or paragraph separator (U+2028, U+2029): write a newline')

  const plan = createPlan()
  text.split('\n').forEach((content, index) => {
    const line = index + 1
    const [opening = '', word = 'user'] = prefix.exec(content) ?? []
    const kind = word.toLowerCase() as 'system' | 'assistant' | 'user'
    const pieces = readPieces(content.slice(opening.length), (problem) => report(`template line ${line}: ${problem}`))
    if (opening && pieces.length === 0)
      report(`template line ${line}: ${shown(opening, 0)} has nothing behind it: a role line ends where the line does`)
    // Its mark is the message's role, so that a value would be the first word of the message: "System", perhaps.
    if (kind === 'assistant' && typeof pieces[0] === 'object')
      report(`template line ${line}: an Assistant: line may not begin with a placeholder`)
    for (const piece of pieces)
      if (typeof piece !== 'string')
        uses.push({ name: piece.name, line, role: kind === 'user' ? undefined : kind === 'system' ? 'System' : 'Assistant' })
    // MCP has no system role, so that a system line keeps its mark; the others are told apart by the message's role.
    plan.add(kind, kind === 'system' ? ['System: ', ...pieces] : pieces)
  })
  if (uses.length > MAX_PLACEHOLDERS) report(`template: has more than ${MAX_PLACEHOLDERS} placeholders`)
  const blocks = plan.end()
  if (blocks.length === 0) report('template: is empty')
  return { blocks, uses }
}

function readPieces(line: string, report: (problem: string) => void): Piece[] {
  const pieces: Piece[] = []
  let from = 0
  for (const found of line.matchAll(placeholder)) {
    const end = found.index + found[0].length
    literal(line.slice(from, found.index))
    // `{{{x}}}` means something else elsewhere; here it would leave a brace behind.
    if (line[found.index - 1] === '{' || line[end] === '}') report(`${shown(line, found.index - 1)} has a brace too many`)
    pieces.push({ name: found[1] as string })
    from = end
  }
  literal(line.slice(from), true)
  return pieces

  function literal(text: string, isLast = false): void {
    for (let open = text.indexOf('{{'); open !== -1; open = text.indexOf('{{', open + 2)) {
      const [next] = /\{\{|\}\}/.exec(text.slice(open + 2)) ?? (isLast ? [] : ['{{'])
      report(
        next === '{{'
          ? `${shown(text, open)} has a placeholder within a placeholder`
          : `${shown(text, open)} is no placeholder: write {{name}}, with a letter and up to 63 letters, digits, "_" or "-"`,
      )
    }
    if (text !== '') pieces.push(text)
  }
}

const shown = (line: string, at: number): string => JSON.stringify(cleanText(line.slice(Math.max(at, 0), Math.max(at, 0) + 40)).text)

/** Puts lines together into blocks; blank lines at the ends of a block are dropped. */
function createPlan() {
  const blocks: Block[] = []
  const sent = new Set<string>()
  let kind: 'system' | 'assistant' | 'user' = 'user'
  let lines: (readonly Piece[])[] = []

  function close(): void {
    while (lines[0] && isBlank(lines[0])) lines.shift()
    while (lines.length > 0 && isBlank(lines.at(-1) ?? [])) lines.pop()
    if (lines.length > 0) blocks.push({ kind, pieces: lines.flatMap((pieces, index) => (index === 0 ? pieces : ['\n', ...pieces])) })
    lines = []
  }
  return {
    add(next: typeof kind, pieces: readonly Piece[]): void {
      if (next !== kind && !isBlank(pieces)) {
        close()
        kind = next
      }
      lines.push(pieces)
      if (next !== 'user') return
      const fresh = new Set(pieces.flatMap((piece) => (typeof piece === 'string' || sent.has(piece.name) ? [] : [piece.name])))
      if (fresh.size === 0) return
      close()
      for (const name of fresh) {
        sent.add(name)
        blocks.push({ kind: 'data', name })
      }
    },
    end(): readonly Block[] {
      close()
      return blocks
    },
  }
}

const isBlank = (pieces: readonly Piece[]): boolean => pieces.every((piece) => typeof piece === 'string' && piece.trim() === '')
