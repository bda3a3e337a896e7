/** docs/client-cli.md names every command that calls a server, every option of those, and the exit codes that they end with. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { exitCodes } from '../../src/cli/codes.ts'
import { CALLING } from '../../src/cli/program/calling.ts'
import { createProgram } from '../../src/cli/program.ts'
import { ROOT } from '../support/paths.ts'

const text = readFileSync(join(ROOT, 'docs', 'client-cli.md'), 'utf8')
const commands = createProgram([]).commands.filter((command) => command.helpGroup() === CALLING)
const sorted = (names: Iterable<string>): string[] => [...new Set(names)].toSorted()

test('docs/client-cli.md has every command, and no other', () => {
  assert.ok(commands.length > 5)
  const named = Array.from(text.matchAll(/^\| `(\w+)(?: [^`]*)?` \|/gm), ([, name = '']) => name)
  assert.deepEqual(sorted(named), sorted(commands.map((command) => command.name())))
})

test('docs/client-cli.md has every option, and no other', () => {
  const options = commands.flatMap((command) => command.options.map(({ long }) => long as string))
  assert.deepEqual(sorted(text.match(/(?<=`|`[a-z]+ |call |login | )--[a-z][a-z-]*/g) ?? []), sorted(options))
})

test('docs/client-cli.md has the exit codes', () => {
  const documented = Array.from(text.matchAll(/^\| ([\d, ]+) \|/gm), ([, codes = '']) => codes.split(', ').map(Number)).flat()
  const others: readonly number[] = [exitCodes.chainBroken]
  assert.deepEqual(
    documented,
    Object.values(exitCodes).filter((code) => !others.includes(code)),
  )
})
