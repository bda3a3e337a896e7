/**
 * Makes a parsed condition into a function. What is not named here is a problem and not a term: a condition has no part
 * that nobody has thought about.
 *
 * @module
 */

import type { ASTNode } from '@marcbachmann/cel-js'
import { calls, matching, methods } from './functions.ts'
import { macros } from './macros.ts'
import { isMap, MAX_INT, minus, negate, operators, select } from './values.ts'
import { FAILED, type Run, type Term } from './work.ts'

/** An argument and the type of a value that it is compared with. */
export interface Comparison {
  readonly name: string
  readonly type: 'string' | 'number' | 'boolean'
}

/** What is learned on the way. */
export interface Notes {
  readonly problems: Set<string>
  /** The arguments that it names. */
  readonly reads: Set<string>
  /** What it compares arguments with, where that is written out. */
  readonly compares: Comparison[]
  nodes: number
}

export interface Place {
  readonly notes: Notes
  /** The variables of the comprehensions around, the outermost first. */
  readonly locals: readonly string[]
}

const failing: Term = () => FAILED
/** See `values.ts`: told when the catalogue is built, where it can be seen. */
const MAP = 'a map as a whole: ask for its keys by name'

export function toTerm(node: ASTNode, place: Place): Term {
  place.notes.nodes++
  switch (node.op) {
    case 'value':
      return literal(node.args, place)
    case 'id':
      return variable(node.args, place)
    case '.':
      return member(node.args[0], node.args[1], place)
    case '[]': {
      const [of, key] = node.args
      if (key.op === 'value' && typeof key.args === 'string') return member(of, key.args, place)
      const [value, at] = [toTerm(of, place), toTerm(key, place)]
      return (run) => select(value(run), at(run))
    }
    case 'call':
      return call(node.args[0], node.args[1], place)
    case 'rcall':
      return receiverCall(node.args[0], node.args[1], node.args[2], place)
    case 'list':
      return list(node.args.map((each) => toTerm(each, place)))
    case 'map':
      return map(node.args, place)
    case '?:': {
      const [condition, one, other] = node.args.map((each) => toTerm(each, place)) as [Term, Term, Term]
      return (run) => {
        const verdict = condition(run)
        return typeof verdict === 'boolean' ? (verdict ? one(run) : other(run)) : FAILED
      }
    }
    case '&&':
      return junction(false, toTerm(node.args[0], place), toTerm(node.args[1], place))
    case '||':
      return junction(true, toTerm(node.args[0], place), toTerm(node.args[1], place))
    case '!_':
    case '-_': {
      const value = toTerm(node.args, place)
      return node.op === '!_' ? (run) => negate(value(run)) : (run) => minus(value(run))
    }
    case '.?':
    case '[?]':
      return refuse(place, 'optional values')
    default: {
      const operator = operators[node.op]
      noteComparison(node.op, node.args, place)
      const [left, right] = [toTerm(node.args[0], place), toTerm(node.args[1], place)]
      if (node.args.some((each) => isWholeMap(each, place)) && node.op !== 'in') return refuse(place, MAP)
      return operator ? (run) => operator(run, left(run), right(run)) : refuse(place, `the operator ${node.op}`)
    }
  }
}

function refuse({ notes }: Place, what: string): Term {
  notes.problems.add(`has ${what}`)
  return failing
}

function literal(value: unknown, place: Place): Term {
  if (typeof value === 'bigint' && value > MAX_INT) return refuse(place, 'a number that is too large')
  if (typeof value === 'object' && value !== null) return refuse(place, 'an unsigned number or bytes, which no argument is')
  return () => value
}

function variable(name: string, place: Place): Term {
  const slot = place.locals.lastIndexOf(name)
  if (slot !== -1) return (run) => run.locals[slot]
  if (name === 'args') return (run) => run.args
  return name === 'principal' ? (run) => run.principal : refuse(place, `the name ${name}: it knows args and principal`)
}

function member(of: ASTNode, key: string, place: Place): Term {
  note(of, key, place)
  const value = toTerm(of, place)
  return (run) => select(value(run), key)
}

function note(of: ASTNode, key: string, { notes, locals }: Place): void {
  if (of.op === 'id' && of.args === 'args' && !locals.includes('args')) notes.reads.add(key)
}

/** `args.a == "x"`, `1 != args.a`, `args.a in ["x", "y"]`. */
function noteComparison(op: string, [left, right]: readonly [ASTNode, ASTNode], { notes, locals }: Place): void {
  if (locals.includes('args')) return
  const pairs = op === 'in' && right.op === 'list' ? right.args.map((item) => [left, item] as const) : []
  if (op === '==' || op === '!=') pairs.push([left, right], [right, left])
  for (const [of, value] of pairs) {
    const name = of.op === '.' && of.args[0].op === 'id' && of.args[0].args === 'args' ? of.args[1] : undefined
    const type = value.op === 'value' ? typeOfLiteral(value.args) : undefined
    if (name !== undefined && type !== undefined) notes.compares.push({ name, type })
  }
}

function typeOfLiteral(value: unknown): Comparison['type'] | undefined {
  if (typeof value === 'bigint' || typeof value === 'number') return 'number'
  return typeof value === 'string' || typeof value === 'boolean' ? (typeof value as 'string' | 'boolean') : undefined
}

function isWholeMap(node: ASTNode, { locals }: Place): boolean {
  return node.op === 'map' || (node.op === 'id' && ['args', 'principal'].includes(node.args) && !locals.includes(node.args))
}

/** One that decides makes up for one that fails (CEL language definition §Logical Operators). */
function junction(decisive: boolean, left: Term, right: Term): Term {
  return (run) => {
    const first = left(run)
    if (first === decisive) return decisive
    const second = right(run)
    if (second === decisive) return decisive
    return typeof first === 'boolean' && typeof second === 'boolean' ? !decisive : FAILED
  }
}

function list(items: readonly Term[]): Term {
  return (run) => {
    const values = items.map((item) => item(run))
    return values.includes(FAILED) ? FAILED : values
  }
}

function map(entries: readonly [ASTNode, ASTNode][], place: Place): Term {
  const members = entries.map(([key, value]) => {
    const isName = key.op === 'value' && typeof key.args === 'string'
    if (!isName) refuse(place, 'a map whose keys are not texts written out')
    return [isName ? String(key.args) : '', toTerm(value, place)] as const
  })
  return (run) => {
    const made: Record<string, unknown> = Object.create(null)
    for (const [key, value] of members) if ((made[key] = value(run)) === FAILED) return FAILED
    return made
  }
}

function call(name: string, values: readonly ASTNode[], place: Place): Term {
  if (name === 'has') return has(values[0], place)
  const apply = calls[`${name}/${values.length}`]
  return apply ? applied(apply, values, place) : refuse(place, `${name}(): not a function of conditions`)
}

function has(of: ASTNode | undefined, place: Place): Term {
  if (of?.op !== '.') return refuse(place, 'has() of something that is no member')
  const [parent, key] = of.args
  note(parent, key, place)
  const value = toTerm(parent, place)
  return (run) => {
    const holder = value(run)
    return isMap(holder) ? Object.hasOwn(holder, key) : FAILED
  }
}

function receiverCall(name: string, receiver: ASTNode, values: readonly ASTNode[], place: Place): Term {
  const macro = macros[`${name}/${values.length}`]
  if (macro) return comprehension(macro, receiver, values, place)
  if (name === 'matches') {
    const [pattern] = values
    if (pattern?.op !== 'value' || typeof pattern.args !== 'string') return refuse(place, 'a pattern that is not written out')
    const matches = matching(toTerm(receiver, place), pattern.args)
    return 'problem' in matches ? refuse(place, matches.problem) : matches
  }
  const apply = methods[`${name}/${values.length + 1}`]
  return apply ? applied(apply, [receiver, ...values], place) : refuse(place, `.${name}(): not a function of conditions`)
}

function comprehension(macro: (typeof macros)[string], receiver: ASTNode, [name, ...body]: readonly ASTNode[], place: Place): Term {
  const range = toTerm(receiver, place)
  if (isWholeMap(receiver, place)) return refuse(place, MAP)
  if (name?.op !== 'id') return refuse(place, 'a comprehension without a variable')
  const inner = { ...place, locals: [...place.locals, name.args] }
  const before = place.notes.nodes
  const terms = body.map((each) => toTerm(each, inner))
  return macro({ range, slot: place.locals.length, cost: 1 + place.notes.nodes - before }, terms)
}

function applied(apply: (run: Run, ...values: unknown[]) => unknown, values: readonly ASTNode[], place: Place): Term {
  if (values.some((each) => isWholeMap(each, place))) return refuse(place, MAP)
  const terms = values.map((each) => toTerm(each, place))
  const [first = failing, second] = terms
  return second ? (run) => apply(run, first(run), second(run)) : (run) => apply(run, first(run))
}
