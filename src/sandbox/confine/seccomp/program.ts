/**
 * Programs for seccomp(2), in classic BPF: a list of lines, each of which answers or asks one thing of the call and goes on. What is
 * loaded is only ever 32 bits wide, as are all the arguments that are asked about here: the kernel itself looks at no more of them.
 *
 * @module
 */

/** struct seccomp_data: the number, the architecture, the instruction, six arguments of 64 bits. */
export type Field = 'number' | 'architecture' | 0 | 1 | 2 | 3 | 4 | 5

export type Line =
  | { readonly answer: number }
  /** Its lines where it is so; after them, or else, the next line. `bits`: at least one of them is set. */
  | { readonly field: Field; readonly is: 'equal' | 'other' | 'above' | 'bits'; readonly value: number; readonly lines: readonly Line[] }

/** Answers (seccomp(2), SECCOMP_RET_*). */
export const ALLOW = 0x7fff_0000
/** The whole process, at once. */
export const KILL = 0x8000_0000
export const errno = (code: number): number => 0x0005_0000 | code

const LOAD = 0x20 // BPF_LD | BPF_W | BPF_ABS
const RETURN = 0x06 // BPF_RET | BPF_K
const JUMP = { equal: 0x15, other: 0x15, above: 0x25, bits: 0x45 } as const // BPF_JMP | BPF_JEQ, BPF_JGT, BPF_JSET | BPF_K

interface Instruction {
  readonly code: number
  readonly value: number
  /** How many instructions are passed over. */
  readonly onTrue?: number
  readonly onFalse?: number
}

interface Compiled {
  readonly code: Instruction[]
  /** What is loaded when its end is reached. */
  readonly loaded: Field | undefined
}

/** As `struct sock_filter[]`, little-endian. */
export function compile(lines: readonly Line[]): Uint8Array {
  const { code } = compileLines(lines, undefined)
  const bytes = new DataView(new ArrayBuffer(code.length * 8))
  for (const [index, { code: operation, value, onTrue = 0, onFalse = 0 }] of code.entries()) {
    bytes.setUint16(index * 8, operation, true)
    bytes.setUint8(index * 8 + 2, onTrue)
    bytes.setUint8(index * 8 + 3, onFalse)
    bytes.setUint32(index * 8 + 4, value, true)
  }
  return new Uint8Array(bytes.buffer)
}

function compileLines(lines: readonly Line[], before: Field | undefined): Compiled {
  const code: Instruction[] = []
  let loaded = before
  for (const line of lines) {
    if ('answer' in line) {
      code.push({ code: RETURN, value: line.answer })
      continue
    }
    if (loaded !== line.field) code.push({ code: LOAD, value: offsetOf(line.field) })
    loaded = line.field
    const then = compileLines(line.lines, loaded)
    // One byte says how far to go.
    if (then.code.length > 255) throw new Error('a line of a filter has too much under it')
    const pass = line.is === 'other' ? 'onTrue' : 'onFalse'
    code.push({ code: JUMP[line.is], value: line.value, [pass]: then.code.length }, ...then.code)
    // What ends in an answer never comes back here.
    const isEnd = line.lines.at(-1) !== undefined && 'answer' in (line.lines.at(-1) as Line)
    if (!isEnd && then.loaded !== loaded) loaded = undefined
  }
  return { code, loaded }
}

function offsetOf(field: Field): number {
  if (field === 'number') return 0
  // The low half of an argument comes first: both architectures are little-endian.
  return field === 'architecture' ? 4 : 16 + 8 * field
}
