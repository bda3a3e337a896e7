/**
 * What a program answers to a form (elicitation §requestedSchema): what it left out and the form has a default for is filled in (SEP-1034),
 * and the whole is checked before it goes. The schema is the server's text: bounded, on an engine that none can stall.
 *
 * Fails closed: an answer that does not fit is an error of the program's, and nothing goes out. A schema that cannot be understood is said,
 * and the server gets what the program answered.
 *
 * @module
 */

import type { ElicitResult } from '@modelcontextprotocol/client'
import { ConfigError, type JsonObject, type Log } from '../../core/index.ts'
import { isObject } from '../../protocol/index.ts'
import { compileCheck } from '../../schema/index.ts'

export function toFormAnswer(requestedSchema: JsonObject, answer: ElicitResult, host: string, log: Log): ElicitResult {
  // Only what a person agreed to send is sent (elicitation §Response Actions).
  if (answer.action !== 'accept') return { action: answer.action }
  const content = { ...defaultsOf(requestedSchema), ...answer.content }
  const compiled = compileCheck(requestedSchema, 'checked')
  if ('problem' in compiled) log('warn', `${host}: an answer to a form is not checked, as it has ${compiled.problem}`)
  else {
    const violation = compiled.check(content)
    if (violation)
      throw new ConfigError([`onInput.elicitation: its answer does not fit the form: ${JSON.stringify(violation.path)} ${violation.rule}`])
  }
  return { ...answer, content }
}

function defaultsOf({ properties }: JsonObject): NonNullable<ElicitResult['content']> {
  const defaults = Object.entries(isObject(properties) ? properties : {}).flatMap(([name, schema]) =>
    isObject(schema) && Object.hasOwn(schema, 'default') ? [[name, schema['default']] as const] : [],
  )
  return Object.fromEntries(defaults) as NonNullable<ElicitResult['content']>
}
