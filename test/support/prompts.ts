/** Prompt templates for tests: compiled or thrown, and rendered from arguments as they come over the wire. */

import { ConfigError, type JsonObject } from '../../src/core/index.ts'
import {
  type CompiledPrompt,
  compilePrompt as compile,
  type PromptMessage,
  type PromptTemplate,
  readArguments,
} from '../../src/trust/index.ts'

export interface Rendered {
  readonly messages: readonly PromptMessage[]
  readonly removed: ReturnType<typeof readArguments>['removed']
}

export interface TestPrompt extends Pick<CompiledPrompt, 'parameters' | 'check'> {
  /** Throws where `check` refuses. */
  render(args?: JsonObject, nonce?: () => string): Rendered
}

/** @throws {ConfigError} naming every problem. */
export function compilePrompt(template: PromptTemplate): TestPrompt {
  const problems = new Set<string>()
  const compiled = compile(template, (problem) => void problems.add(problem))
  if (!compiled) throw new ConfigError([...problems])
  const { parameters, check, render } = compiled
  return {
    parameters,
    check,
    render(args = {}, nonce) {
      const violation = check(args)
      if (violation) throw new TypeError(`${violation.path} ${violation.rule}`)
      const { values, removed } = readArguments(args, parameters)
      return { messages: render(values, nonce), removed }
    },
  }
}
