/**
 * What a snippet finds beside the language itself, as source of the interpreter: `tools`, `console` and `ToolCallError`. It runs before
 * the snippet does, in the same world: what the snippet makes of it afterwards is its own business. Nothing but texts and numbers
 * crosses to the host.
 *
 * @module
 */

export const PRELUDE_FILE = 'prelude.js'

export const PRELUDE = `(function (call, log, end, names) {
'use strict'
const { stringify, parse } = JSON
const { apply } = Reflect
const { then } = Promise.prototype
const { get, set, delete: remove } = Map.prototype
const { includes } = Array.prototype
const waiting = new Map()
let last = 0

class ToolCallError extends Error {
  constructor(tool, message) {
    super(message)
    this.tool = tool
  }
}
Object.defineProperty(ToolCallError.prototype, 'name', { value: 'ToolCallError', configurable: true, writable: true })

const known = parse(names)
const toolNamed = (name) => (args = {}) =>
  new Promise((resolve, reject) => {
    const text = stringify(args)
    if (typeof args !== 'object' || args === null || text === undefined || text[0] !== '{')
      throw new TypeError('tools.' + name + ' takes one object of arguments')
    // Made here: its stack shows where the tool was called.
    const error = new ToolCallError(name, '')
    const id = ++last
    apply(set, waiting, [id, { resolve, reject, error }])
    call(id, name, text)
  })
const isTool = (name) => typeof name === 'string' && name !== 'then'
const descriptorOf = (name) => ({ value: toolNamed(name), enumerable: true, configurable: true, writable: false })
const tools = new Proxy(Object.create(null), {
  // Whether there is such a tool is decided where it is called.
  get: (_, name) => (isTool(name) ? toolNamed(name) : undefined),
  has: (_, name) => apply(includes, known, [name]),
  ownKeys: () => known,
  getOwnPropertyDescriptor: (_, name) => (apply(includes, known, [name]) ? descriptorOf(name) : undefined),
  set: () => false,
  defineProperty: () => false,
  deleteProperty: () => false,
  setPrototypeOf: () => false,
  preventExtensions: () => false,
})

function shown(value) {
  if (typeof value === 'string') return value
  if (value instanceof Error) return value.name + ': ' + value.message
  try {
    const text = stringify(value)
    return text === undefined ? String(value) : text
  } catch {
    return String(value)
  }
}
const say = (...values) => {
  let line = ''
  for (let at = 0; at < values.length; at++) line += (at === 0 ? '' : ' ') + shown(values[at])
  log(line)
}
const own = { tools, ToolCallError, console: Object.freeze({ log: say, info: say, warn: say, error: say, debug: say }) }
for (const name of Object.keys(own)) Object.defineProperty(globalThis, name, { value: own[name], configurable: true, writable: true })

function told(error) {
  try {
    if (typeof error === 'object' && error !== null && 'message' in error)
      return stringify({ name: String(error.name), message: String(error.message), stack: String(error.stack) })
    return stringify({ name: 'Error', message: 'it threw ' + shown(error) })
  } catch {
    return '{"name":"Error","message":"it threw something that cannot be told"}'
  }
}
const fail = (error) => end(false, told(error))
return {
  begin(promise) {
    apply(then, promise, [
      (value) => {
        try {
          const text = stringify(value)
          end(true, text === undefined ? 'null' : text)
        } catch (error) {
          fail(error)
        }
      },
      fail,
    ])
  },
  answer(id, isFine, text) {
    const call = apply(get, waiting, [id])
    if (call === undefined) return
    apply(remove, waiting, [id])
    if (isFine) return call.resolve(parse(text))
    call.error.message = text
    call.reject(call.error)
  },
}
})`
