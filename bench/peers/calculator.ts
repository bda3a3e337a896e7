/** The guide's calculator: three bounded parameters. Every server of the benchmark offers this one tool. @module */

export interface Sum {
  readonly operation: 'add' | 'subtract' | 'multiply' | 'divide'
  readonly a: number
  readonly b: number
}

export const jsonSchema = {
  type: 'object',
  properties: {
    operation: { type: 'string', enum: ['add', 'subtract', 'multiply', 'divide'] },
    a: { type: 'number', minimum: -1000, maximum: 1000 },
    b: { type: 'number', minimum: -1000, maximum: 1000 },
  },
  required: ['operation', 'a', 'b'],
  additionalProperties: false,
} as const

export function compute({ operation, a, b }: Sum): string {
  switch (operation) {
    case 'add':
      return String(a + b)
    case 'subtract':
      return String(a - b)
    case 'multiply':
      return String(a * b)
    case 'divide':
      return String(a / b)
  }
}

export const calculate = (sum: Sum): { content: { type: 'text'; text: string }[] } => ({ content: [{ type: 'text', text: compute(sum) }] })

/** `calculator`, `calculator1`, `calculator2`, …: the first is the one that is called. */
export const toolNames = (count: number): string[] =>
  Array.from({ length: count }, (_, index) => (index === 0 ? 'calculator' : `calculator${index}`))
