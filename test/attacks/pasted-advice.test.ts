// A command that says how to mend an error is pasted into a shell, and what a server says stands in it: scopes, and the names of tools. A
// shell finds words in it and nothing to run, and no name of a server's is an option of ours.

import assert from 'node:assert/strict'
import { execFileSync } from 'node:child_process'
import { it } from 'node:test'
import { toCommandError } from '../../src/cli/calling/client-errors.ts'
import { repeatedFlags } from '../../src/cli/calling/server-flags.ts'
import { CliError } from '../../src/cli/errors.ts'
import { AuthorizationError, TrustError } from '../../src/client/index.ts'
import { verifies } from '../requirements.ts'

verifies('terminal-text')

const target = { url: 'https://mcp.example/mcp' }
const commandIn = (error: unknown, flags = ''): string => {
  const shown = toCommandError(error, { command: 'call', target, flags })
  assert.ok(shown instanceof CliError)
  return shown.fix.slice(shown.fix.indexOf('sallyport '))
}
/** What a shell makes of it, where `sallyport` does nothing but print its words. */
const pasted = (command: string): string[] =>
  execFileSync('/bin/sh', ['-c', `sallyport() { printf '%s\\n' "$@"; }; ${command}`], { encoding: 'utf8' })
    .trimEnd()
    .split('\n')
const skip = process.platform === 'win32'

for (const scope of [
  'a;echo${IFS}ran',
  'a$(echo${IFS}ran)',
  '`echo${IFS}ran`',
  'a|echo${IFS}ran',
  "';echo${IFS}ran;'",
  'a&echo',
  '#a',
  '/*',
])
  it(`a scope is one word: ${scope}`, { skip }, () => {
    const error = new AuthorizationError('insufficient_scope', 'More is wanted.', { scopes: [scope, 'b'] })
    assert.deepEqual(pasted(commandIn(error)), ['login', target.url, '--scope', scope, '--scope', 'b'])
  })

it('an account, an issuer and a folder are one word each', { skip }, () => {
  const name = "it's; echo ran"
  const flags = repeatedFlags({ account: name, issuer: name, clientId: name, dataDir: name })
  const words = pasted(commandIn(new AuthorizationError('sign_in_required', 'Nobody is signed in.'), flags).replace(/, or give.*/, ''))
  assert.deepEqual(words, ['login', target.url, '--account', name, '--client-id', name, '--issuer', name, '--data-dir', name])
})

it('a tool that is called as an option is not named', () => {
  for (const code of ['definition_changed', 'definition_suspicious'] as const)
    assert.equal(commandIn(new TrustError(code, '--accept', 'It changed.')), `sallyport tools ${target.url}`)
})
