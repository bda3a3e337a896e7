/** What the flags of a sandbox say, and which do not go together. */

import assert from 'node:assert/strict'
import { describe, it } from 'node:test'
import { CliError } from '../../src/cli/errors.ts'
import { createProgram } from '../../src/cli/program.ts'
import { readSandboxFlags, type SandboxFlags } from '../../src/cli/sandbox-flags.ts'

/** As they are typed. */
function flagsOf(...words: string[]): SandboxFlags {
  const guard = createProgram([]).commands.find((command) => command.name() === 'guard')
  assert.ok(guard)
  guard.parseOptions(words)
  return guard.opts()
}

describe('the flags of a sandbox', () => {
  it('grant one thing each, as often as they are given', () => {
    const flags = flagsOf('--allow-read', 'a', '--allow-read', 'b', '--allow-net', 'api.example.com:443', '--allow-run', 'git')
    assert.deepEqual(readSandboxFlags(flags, true), {
      demanded: undefined,
      grants: { read: ['a', 'b'], net: ['api.example.com:443'], run: ['git'] },
    })
    assert.deepEqual(readSandboxFlags(flagsOf(), true), { demanded: undefined, grants: undefined })
  })
  it('demand a sandbox of every server, or do without', () => {
    assert.equal(readSandboxFlags(flagsOf('--sandbox'), false).demanded, 'required')
    assert.equal(readSandboxFlags(flagsOf('--dangerously-no-sandbox'), false).demanded, 'off')
  })
  it('are refused where they cannot be meant', () => {
    for (const [words, hasCommand, error] of [
      [['--dangerously-no-sandbox', '--allow-read', '.'], true, /^--dangerously-no-sandbox and --allow-read do not go together$/],
      [['--dangerously-no-sandbox', '--sandbox'], true, /^--dangerously-no-sandbox and --sandbox do not go together$/],
      [['--allow-net', 'api.example.com'], true, /^--allow-net: must be HOST:PORT/],
      [['--allow-env', 'SSH_AUTH_SOCK'], true, /^--allow-env: leads to a socket of yours/],
      [['--allow-env', 'SALLYPORT_KEY'], true, /never handed on/],
      [['--allow-read', '.'], false, /^--allow-read is for a command on the command line$/],
    ] as const)
      assert.throws(
        () => readSandboxFlags(flagsOf(...words), hasCommand),
        (problem: Error) => problem instanceof CliError && problem.code === 'E-USAGE' && error.test(problem.message),
        words.join(' '),
      )
  })
})
