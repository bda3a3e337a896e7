/** Which commands fetch what they run, and what they ask for. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { readPackageRequest } from '../../src/gateway/launch/package-request.ts'
import { isExactVersion } from '../../src/gateway/launch/package-spec.ts'
import { unpinnedNote } from '../../src/gateway/launch/unpinned.ts'

/** `name@selector program? args…`, with a `!` where the version is exact, and `local` where the project's own comes first. */
function read(line: string): string | undefined {
  const [command = '', ...args] = line.split(' ')
  const found = readPackageRequest(command, args)
  if (!found) return undefined
  if ('problem' in found) return 'problem'
  const { wanted, program, args: passed, prefersLocal } = found.request
  return [`${wanted.name}@${wanted.selector}${wanted.isExact ? '!' : ''}`, program && `:${program}`, prefersLocal && 'local', ...passed]
    .filter(Boolean)
    .join(' ')
}

test('every way to fetch and run a package is read alike', () => {
  const expected: Readonly<Record<string, string>> = {
    'npx server': 'server@ local',
    'npx -y server@1.2.3 --root /x': 'server@1.2.3! --root /x',
    'npx --yes --quiet @acme/server@1.2.3-rc.1 x': '@acme/server@1.2.3-rc.1! x',
    'npx -- server -y': 'server@ local -y',
    'npx server -p 80 --package x': 'server@ local -p 80 --package x',
    'npx -p @acme/tools@2.0.0 server x': '@acme/tools@2.0.0! :server x',
    'npx --package=@acme/tools server': '@acme/tools@ :server',
    '/usr/local/bin/npx -y server@latest': 'server@latest',
    'npx.cmd server@1.0.0': 'server@1.0.0!',
    'C:\\Program\\npx.CMD server@1.0.0': 'server@1.0.0!',
    'cmd /c npx -y server@1.0.0 x': 'server@1.0.0! x',
    'npm exec -y server@1.0.0 -- --root x': 'server@1.0.0! --root x',
    'npm --silent exec -- server@1.0.0 --root x': 'server@1.0.0! --root x',
    'npm x server': 'server@',
    'pnpm dlx server@^1 x': 'server@^1 x',
    'pnpm --silent dlx server@1.0.0': 'server@1.0.0!',
    'pnpx server@1.0.0': 'server@1.0.0!',
    'yarn dlx -q server@next': 'server@next',
    'bunx --bun server@1.0.0': 'server@1.0.0!',
    'bun x server@1.0.0': 'server@1.0.0!',
  }
  for (const [line, wanted] of Object.entries(expected)) assert.equal(read(line), wanted, line)
})

test('what such a command says that is not understood is a problem', () => {
  for (const line of [
    'npx',
    'npx -y',
    'npx -c server',
    'npx --call=server',
    'npx -p server@1.0.0',
    'npx -p one -p two one',
    'npx --registry http://evil.example server@1.0.0',
    'npx --userconfig=./npmrc server@1.0.0',
    'npx --prefix /evil server',
    'npx git+https://evil.example/x.git',
    'npx owner/repository',
    'npx ./folder',
    'npx ../folder',
    'npx /folder',
    'npx server@file:../x',
    'npx server@npm:evil@1.0.0',
    'npx server@https://evil.example/x.tgz',
    'npx server@-x',
    'npm exec server@1.0.0 --registry=http://evil.example',
    'bun x --hot server',
    'npx --no-install server',
    'npm --registry=http://evil.example exec server@1.0.0',
    'pnpm --dir /evil dlx server@1.0.0',
  ])
    assert.equal(read(line), 'problem', line)
})

test('other commands are left as they are', () => {
  for (const line of [
    'node server.js',
    'npm start',
    'npm run exec server',
    'yarn server',
    'bun server.ts',
    'pnpm start',
    'uvx server',
    'docker run x',
    'mynpx server',
  ])
    assert.equal(read(line), undefined, line)
})

test('one version, and no other, is exact', () => {
  for (const version of ['0.0.0', '1.2.3', '2026.8.31', '1.2.3-rc.1', '1.2.3-x']) assert.ok(isExactVersion(version), version)
  for (const version of [
    '',
    '1',
    '1.2',
    '1.2.x',
    'v1.2.3',
    '=1.2.3',
    '^1.2.3',
    '1.2.3 || 2.0.0',
    '1.2.3+build',
    'latest',
    '01.2.3',
    '1.2.3-',
  ])
    assert.ok(!isExactVersion(version), version)
})

test('of what cannot be pinned here that is said, with what can be done', () => {
  const note = (line: string): string | undefined => unpinnedNote(line.split(' ')[0] ?? '', line.split(' ').slice(1))
  assert.match(note('uvx mcp-server-git') ?? '', /uv tool install/)
  assert.match(note('pipx run server') ?? '', /not pinned here/)
  assert.match(note('docker run -i --rm mcp/fetch:1') ?? '', /@sha256/)
  assert.equal(note(`docker run -i mcp/fetch@sha256:${'0'.repeat(64)}`), undefined)
  assert.match(note('sh -c npx') ?? '', /name npx and its package/)
  assert.match(note('/bin/bash -c pnpm dlx') ?? '', /shell/)
  for (const line of ['sh server.sh', 'node server.js', 'docker compose up']) assert.equal(note(line), undefined, line)
})
