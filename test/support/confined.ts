// Programs for tests of confinement: what they are, how they are run to their end, and statements that say what became of them.

import { startChild } from '../../src/process/index.ts'
import { type Confinement, type Ended, type Program, type SandboxOptions, toGrants, toolLimits } from '../../src/sandbox/index.ts'

/** A script for Node. Grants are relative to the folder. */
export const nodeProgram = (folder: string, script: string, sandbox: SandboxOptions = {}, more: Partial<Program> = {}): Program => ({
  command: process.execPath,
  args: ['-e', script],
  cwd: '/',
  env: {},
  grants: toGrants(sandbox, folder, toolLimits),
  code: [],
  forks: false,
  node: true,
  ...more,
})

export interface Outcome {
  readonly output: string
  readonly errors: string
  readonly ended: Ended | undefined
  readonly code: number | null
}

export async function runConfined(
  confinement: Confinement,
  program: Program,
  during?: (say: (line: string) => void) => void,
): Promise<Outcome> {
  const confined = confinement.confine(program)
  const child = startChild(confined.command)
  confined.started(child)
  let output = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()))
  child.stdin.on('error', () => {})
  if (during) during((line) => child.stdin.write(line))
  else child.stdin.end()
  await new Promise((closed) => child.once('close', closed))
  return { output, errors, ended: confined.ended, code: child.exitCode }
}

/** Node, with each of these expressions evaluated: what it answers, or the code of what it threw. */
export const attempts = (expressions: Readonly<Record<string, string>>): string => `
const fs = require('node:fs'), net = require('node:net'), dgram = require('node:dgram'), { once } = require('node:events')
const connect = (where) => new Promise((done) => {
  const socket = net.connect(where, () => { socket.destroy(); done('connected') })
  socket.on('error', (error) => done(error.code ?? error.name))
})
const expressions = { ${Object.entries(expressions)
  .map(([name, text]) => `${JSON.stringify(name)}: async () => (${text})`)
  .join()} }
;(async () => {
  const answers = {}
  for (const [name, evaluate] of Object.entries(expressions))
    answers[name] = await evaluate().then((value) => value ?? 'done', (error) => error.code ?? error.name)
  process.stdout.write(JSON.stringify(answers))
})()`
