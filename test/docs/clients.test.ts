/** docs/clients.md names every client that is run, with its version, and every one that `doctor --as` plays back. */

import assert from 'node:assert/strict'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { test } from 'node:test'
import { clientProfiles } from '../../src/cli/checks/client-profiles.ts'
import { createProgram } from '../../src/cli/program.ts'
import type { RealClient } from '../clients/outcome.ts'
import { clients } from '../clients-large/clients.ts'
import { hosts } from '../hosts/hosts.ts'
import { ROOT } from '../support/paths.ts'

const read = (file: string): string => readFileSync(join(ROOT, file), 'utf8')
const text = read('docs/clients.md')

/** The first two cells of the rows below a heading. */
const rowsBelow = (heading: string): Record<string, string> => {
  const section = text.split(/^## /m).find((part) => part.startsWith(`${heading}\n`)) ?? ''
  return Object.fromEntries([...section.matchAll(/^\| `([\w-]+)` \| (\S+) \|/gm)].map(([, name, version]) => [name, version]))
}
const versionsOf = (all: readonly RealClient<never>[]): Record<string, string> =>
  Object.fromEntries(
    all.map(({ name, package: what, folder }) => {
      const { dependencies, optionalDependencies } = JSON.parse(read(join(folder, 'package.json')))
      return [name, { ...dependencies, ...optionalDependencies }[what]]
    }),
  )

test('every client and every host that is run', () => {
  assert.deepEqual(rowsBelow('On the command line'), versionsOf(clients))
  assert.deepEqual(rowsBelow('Hosts'), versionsOf(hosts))
})

test('every client that doctor acts as, in the page and in the help', () => {
  const help = createProgram([])
    .commands.find((command) => command.name() === 'doctor')
    ?.options.find(({ long }) => long === '--as')
  for (const { id } of clientProfiles) {
    assert.match(text, new RegExp(`[\`,]${id}[\`,]|--as ${id},|,${id} `), id)
    assert.match(help?.description ?? '', new RegExp(`[ ,]${id}(,|$)`))
  }
})

test('what doctor acts as is of the version that is run', () => {
  const versions = { ...versionsOf(clients), ...versionsOf(hosts) }
  for (const { id, name } of clientProfiles)
    if (versions[id] !== undefined) assert.ok(name.endsWith(` ${versions[id]}`), `${name}: ${versions[id]}`)
})
