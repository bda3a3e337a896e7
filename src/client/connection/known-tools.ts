/**
 * What the client knows of its server's tools from having listed them: which arguments go into headers (2026-07-28 streamable-http
 * §Schema Extension), and what a result must look like (2026-07-28 tools §Output Schema). Schemas are the server's text: compiled by our
 * own engine, which none can stall and which fetches nothing.
 *
 * A tool that was never listed is called as it is. A tool whose headers break the rules is not listed; a result that does not hold what
 * its tool promises is withheld. An output schema that cannot be understood is said once, and its results pass.
 *
 * @module
 */

import type { Tool } from '@modelcontextprotocol/client'
import type { JsonObject, Log } from '../../core/index.ts'
import { compileResultCheck, mirrorsOf } from '../../schema/index.ts'
import { toVisibleLine } from '../../trust/index.ts'
import { TrustError } from '../errors.ts'

export interface KnownTools {
  /** Answers those that may be shown. `hasHeaders`: whether this connection mirrors arguments. */
  learn(tools: readonly Tool[], hasHeaders: boolean, isWhole: boolean): readonly Tool[]
  /** What the SDK builds headers from. */
  definition(name: string): Tool
  /** @throws {TrustError} */
  check(name: string, result: JsonObject): void
}

interface Known {
  readonly inputSchema: Tool['inputSchema'] | undefined
  readonly outputSchema: JsonObject | undefined
}
type Check = Exclude<ReturnType<typeof compileResultCheck>, { problem: string }>['check']

/** Compiled checks that are kept: each is some kilobytes. */
const MAX_CHECKS = 200
/** Tools that are gone and whose promises are kept. */
const MAX_GONE = 1000
/** Of the tools of a list that are left out, so many are named. */
const MAX_TOLD = 20

export function createKnownTools({ host, log }: { readonly host: string; readonly log: Log }): KnownTools {
  let known = new Map<string, Known>()
  const checks = new Map<JsonObject, Check | undefined>()

  function checkOf(name: string, schema: JsonObject): Check | undefined {
    if (checks.has(schema)) return checks.get(schema)
    const compiled = compileResultCheck(schema, 'noted')
    if ('problem' in compiled)
      log('warn', `${host}: the results of a tool are not checked, as it has ${compiled.problem}`, { tool: shownName(name) })
    const check = 'problem' in compiled ? undefined : compiled.check
    checks.set(schema, check)
    const [oldest] = checks.keys()
    if (checks.size > MAX_CHECKS && oldest) checks.delete(oldest)
    return check
  }

  return {
    learn(tools, hasHeaders, isWhole) {
      const next = isWhole ? new Map<string, Known>() : known
      let left = 0
      const shown = tools.filter((tool) => {
        const mirrored = mirrorsOf(tool.inputSchema as JsonObject)
        if (hasHeaders && 'problem' in mirrored) {
          if (++left <= MAX_TOLD) log('warn', `${host}: a tool is left out, as it has ${mirrored.problem}`, { tool: shownName(tool.name) })
          return false
        }
        const before = known.get(tool.name)
        const outputSchema = sameAs(before?.outputSchema, tool.outputSchema as JsonObject | undefined)
        const inputSchema = 'mirrors' in mirrored && mirrored.mirrors.length > 0 ? tool.inputSchema : undefined
        // Only what is needed later: a list may be long.
        if (inputSchema || outputSchema) next.set(tool.name, { inputSchema, outputSchema })
        else next.delete(tool.name)
        return true
      })
      if (isWhole) keepGone(known, next, tools)
      if (left > MAX_TOLD) log('warn', `${host}: ${left - MAX_TOLD} more tools are left out`)
      known = next
      return shown
    },
    definition: (name) => ({ name, inputSchema: known.get(name)?.inputSchema ?? { type: 'object' } }),
    check(name, result) {
      const schema = known.get(name)?.outputSchema
      const violation = schema && checkOf(name, schema)?.(result)
      // Where, and which rule: both are the server's own words, and what it sent is not in them.
      if (violation)
        throw new TrustError(
          'result_invalid',
          name,
          `The result of a tool does not hold what its outputSchema promises: ${said(violation)}.`,
        )
    },
  }
}

/** The schema object that was compiled, where a list that came anew says the same. */
const sameAs = (before: JsonObject | undefined, now: JsonObject | undefined): JsonObject | undefined =>
  before && now && JSON.stringify(before) === JSON.stringify(now) ? before : now

/** A tool that is not listed any more may still be called: what it promised before holds for what it answers. */
function keepGone(before: ReadonlyMap<string, Known>, next: Map<string, Known>, tools: readonly Tool[]): void {
  const listed = new Set(tools.map(({ name }) => name))
  let gone = 0
  for (const [name, each] of before) if (!next.has(name) && !listed.has(name) && ++gone <= MAX_GONE) next.set(name, each)
}

export const shownName = (name: string): string => toVisibleLine(name.slice(0, 128))

const said = ({ path, rule }: { readonly path: string; readonly rule: string }): string =>
  `${path} ${rule}`.slice(0, 300).replace(/[\u0000-\u001f\u007f-\u009f\u2028\u2029]+/g, ' ')
