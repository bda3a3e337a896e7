/** The calculator as a module of its own, which runs in the sandbox. Plain JavaScript: what is measured is the sandbox, not Node's type stripping. */

const operations = {
  add: (a, b) => a + b,
  subtract: (a, b) => a - b,
  multiply: (a, b) => a * b,
  divide: (a, b) => a / b,
}

export default ({ operation, a, b }) => ({ content: [{ type: 'text', text: String(operations[operation](a, b)) }] })
