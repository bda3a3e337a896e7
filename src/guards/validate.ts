/**
 * Whether the parameters are well-formed: their shape, the entry's own schema, and that headers which mirror arguments
 * agree with them. What the entry makes of its arguments goes on with the request.
 *
 *   authenticate → read → limit → authorize → [validate] → approve → execute → release
 *
 * Names the path and the rule, never the value. Fails closed: an entry without a check takes no arguments to check, and
 * one whose schema did not compile was never imported.
 *
 * @module
 */

import {
  type Authorized,
  allow,
  type Decision,
  deny,
  type Entry,
  type Guard,
  type Input,
  type JsonObject,
  type Mirror,
  NOTHING,
  type Validated,
  validated,
} from '../core/index.ts'
import { decodeSentinel, isObject, kindOf } from '../protocol/index.ts'
import { tooLongText } from './argument-size.ts'
import { type ArgumentBounds, createArgumentWaits, type ReadArguments } from './arguments.ts'
import { isResponses } from './input-check.ts'
import type { Rounds } from './rounds.ts'

const invalid = (problem: string): Decision<never> => deny({ reason: 'invalid_params', problem })

export interface ValidateOptions extends ArgumentBounds {
  readonly read: ReadArguments
  /** One text among the arguments. */
  readonly argumentBytes: number
  /** What a retry brings to an earlier round (`guards/rounds`). */
  readonly open: Rounds['open']
}

export function createValidate({ open, read: readArguments, argumentBytes, ...bounds }: ValidateOptions): Guard<Authorized, Validated> {
  const wait = createArgumentWaits(bounds)

  return function validate(request) {
    const { entry, message } = request
    const { params, method } = message
    if (!entry) return allow(validated(request))
    if (method === 'tasks/update')
      return isResponses(params['inputResponses'])
        ? allow(validated(request))
        : invalid('params.inputResponses must be an object of results.')
    if (kindOf(method) === 'task') return allow(validated(request))
    if (method === 'completion/complete')
      return isCompletion(params) ? allow(validated(request)) : invalid('params.argument must have a name and a value.')
    const args = params['arguments'] ?? NOTHING
    if (!isObject(args)) return invalid('params.arguments must be an object.')
    if (request.transport === 'http' && message.era === 'modern' && entry.mirrors.length > 0) {
      const problem = mismatch(entry, args, request.headers, message.through !== undefined)
      if (problem) return deny({ reason: 'header_mismatch', problem })
    }
    if ((message.bytes ?? 0) > argumentBytes) {
      const violation = tooLongText(args, argumentBytes, entry.references !== undefined)
      if (violation) return deny({ reason: 'invalid_arguments', ...violation })
    }
    const input = open(request)
    if (!input.allowed) return input
    const given = isNamed(entry) ? { uri: params['uri'] } : args
    const read = readArguments(entry, given, request.principal, message.meta, input.value !== undefined)
    if (!(read instanceof Promise)) return settle(request, read, input.value)
    return wait(entry, request.principal, read).then((made) => settle(request, made, input.value))
  }
}

const settle = (request: Authorized, read: Decision<unknown>, input: Input | undefined): Decision<Validated> =>
  read.allowed ? allow(validated(request, read.value, input)) : read

/** A resource has no arguments: what there is to know of it is in its URI. Decided by what it is, never by what was sent. */
const isNamed = ({ kind }: Entry): boolean => kind === 'resource' || kind === 'template'

const isCompletion = ({ argument }: JsonObject): boolean =>
  isObject(argument) && typeof argument['name'] === 'string' && typeof argument['value'] === 'string' && argument['value'].length <= 4096

/**
 * 2026-07-28 streamable-http §server behavior for custom headers: present in the body means present in the header, and equal. Who called by
 * way of another tool had no reason to write them, as the definition of that tool asks for none; what was written must agree all the same.
 */
function mismatch({ mirrors }: Entry, args: JsonObject, headers: Authorized['headers'], isIndirect: boolean): string | undefined {
  for (const mirror of mirrors) {
    const stated = headers[mirror.header]
    const value = at(args, mirror.path)
    if (value === undefined || value === null) {
      if (stated !== undefined) return `The header ${mirror.header} has a value that the arguments do not have.`
    } else if (stated === undefined && isIndirect) continue
    else if (typeof stated !== 'string') return `The header ${mirror.header} is missing.`
    else if (!agree(mirror, decodeSentinel(stated), value)) return `The header ${mirror.header} and the arguments differ.`
  }
  return undefined
}

function at(args: JsonObject, path: readonly string[]): unknown {
  let value: unknown = args
  for (const key of path) value = isObject(value) && Object.hasOwn(value, key) ? value[key] : undefined
  return value
}

/** Numbers are compared as numbers: `42.0` is `42` (§server validation). */
function agree({ type }: Mirror, stated: string | undefined, value: unknown): boolean {
  if (stated === undefined) return false
  if (type === 'integer') return stated.trim() !== '' && Number(stated) === value
  return stated === String(value)
}
