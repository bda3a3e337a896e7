// What is shown of the file system, as a plan: in which order, what decides over a path, and what is left out because it is there.

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { planSteps, type Source, type Step, stepArguments } from '../../src/sandbox/confine/mounts.ts'
import { explainFailure } from '../../src/sandbox/confine/probe.ts'
import { isWithin } from '../../src/sandbox/grants/within.ts'
import { verifies } from '../requirements.ts'

verifies('sandbox-mounts')

const bind = (source: Source, at: string, write = source === 'write', from = at): Step => ({ kind: 'bind', source, at, from, write })
const hide = (at: string, folder = true): Step => ({ kind: 'hide', source: 'hidden', at, folder })
const scratch = (at: string): Step => ({ kind: 'scratch', source: 'system', at, sizeMb: 1 })
const plan = (...steps: Step[]): string[] => planSteps(steps).map(({ kind, source, at }) => `${kind} ${source} ${at}`)

test('what lies higher comes first, whichever order it was named in', () => {
  assert.deepEqual(plan(bind('read', '/a/b/c'), bind('write', '/a/b/c/d'), scratch('/a')), [
    'scratch system /a',
    'bind read /a/b/c',
    'bind write /a/b/c/d',
  ])
})

test('over one path the narrowest word decides: ours, then what was granted, then what is hidden', () => {
  assert.deepEqual(plan(bind('system', '/a'), bind('read', '/a'), bind('write', '/a')), ['bind write /a'])
  assert.deepEqual(plan(hide('/a'), bind('code', '/a')), ['hide hidden /a'])
  assert.deepEqual(plan(hide('/a/key'), bind('code', '/a'), bind('read', '/a/key')), ['bind code /a'])
  assert.deepEqual(plan(bind('given', '/a', false, '/ours'), bind('write', '/a')), ['bind given /a'])
})

test('what is shown anyway is not shown again, and what is not is', () => {
  assert.deepEqual(plan(bind('read', '/a'), bind('read', '/a/b'), bind('code', '/a/c')), ['bind read /a'])
  // What may be written can be read.
  assert.deepEqual(plan(bind('write', '/a'), bind('read', '/a/b'), bind('write', '/a/c')), ['bind write /a'])
  // But a program does not write what it runs as.
  assert.deepEqual(plan(bind('write', '/a'), bind('code', '/a/b')), ['bind write /a', 'bind code /a/b'])
  assert.deepEqual(plan(bind('read', '/a'), bind('write', '/a/b')), ['bind read /a', 'bind write /a/b'])
  // Somewhere else is something else.
  assert.deepEqual(plan(bind('write', '/a', true, '/elsewhere'), bind('read', '/a/b')), ['bind write /a', 'bind read /a/b'])
})

test('what is hidden stays so whatever it lies in, and where nothing is shown there is nothing to hide', () => {
  assert.deepEqual(plan(bind('write', '/a'), hide('/a/key', false)), ['bind write /a', 'hide hidden /a/key'])
  assert.deepEqual(plan(bind('read', '/a'), hide('/a/b'), bind('read', '/a/b/c')), ['bind read /a', 'hide hidden /a/b', 'bind read /a/b/c'])
  assert.deepEqual(plan(scratch('/tmp'), hide('/tmp/key')), ['scratch system /tmp'])
})

test('below a link nothing is shown again: it leads to what is there', () => {
  const link = (at: string, to: string): Step => ({ kind: 'link', source: 'code', at, to })
  const modules = [bind('code', '/store/node_modules'), link('/p/node_modules', '/store/node_modules')]
  const script = link('/p/node_modules/server/index.js', '/store/node_modules/server/index.js')
  assert.deepEqual(plan(...modules, script), ['bind code /store/node_modules', 'link code /p/node_modules'])
})

test('a folder beside one with the same beginning is not within it', () => {
  assert.deepEqual(
    ['/a', '/a/b', '/ab', '/'].map((path) => isWithin(path, '/a')),
    [true, true, false, false],
  )
  assert.ok(isWithin('/a', '/'))
})

test('folders on the way are everybody’s, what was granted is held open, and what is mounted last is closed', () => {
  const steps = planSteps([
    bind('write', '/a/b/c'),
    hide('/a/b/c/d'),
    { kind: 'file', source: 'system', at: '/etc/hosts', content: 'hosts' },
  ])
  const asked: string[] = []
  const hand = { content: (content: string) => asked.push(content) + 10, pinned: (path: string) => asked.push(path) + 20 }
  assert.deepEqual(stepArguments(steps, hand).join(' ').split(' --'), [
    '--perms 0755',
    'dir /etc',
    'perms 0644',
    'file 11 /etc/hosts',
    'perms 0755',
    'dir /a',
    'perms 0755',
    'dir /a/b',
    'bind-fd 22 /a/b/c',
    'perms 0755',
    'size 4096',
    'tmpfs /a/b/c/d',
    'remount-ro /a/b/c/d',
  ])
  assert.deepEqual(asked, ['hosts', '/a/b/c'])
  assert.deepEqual(stepArguments([bind('read', '/a')], { ...hand, pinned: () => undefined }), ['--ro-bind', '/a', '/a'])
})

test('why bubblewrap does not work is one sentence, with what mends it', () => {
  const facts = { container: undefined, switches: {} }
  const failed = 'bwrap: No permissions to create new namespace, likely because the kernel does not allow it.\nmore'
  const explained: readonly (readonly [string, RegExp])[] = [
    [explainFailure(failed, '0.8.0', facts), /^bubblewrap 0\.8\.0 does not work here \(No permissions.*\): docs/],
    [explainFailure(failed, '0.8.0', { ...facts, container: 'docker run --this' }), /^This container .*: docker run --this\.$/],
    [
      explainFailure(failed, '0.8.0', { ...facts, switches: { 'kernel/unprivileged_userns_clone': '0' } }),
      /sysctl -w kernel\.unprivileged_userns_clone=1/,
    ],
    [explainFailure(failed, '0.8.0', { ...facts, switches: { 'user/max_user_namespaces': '0' } }), /sysctl -w user\.max_user_namespaces=/],
    [explainFailure(failed, '0.8.0', { ...facts, switches: { 'kernel/apparmor_restrict_unprivileged_userns': '1' } }), /AppArmor/],
    // A container on such a machine needs both, the machine first.
    [
      explainFailure(failed, '0.8.0', { container: 'docker run --this', switches: { 'user/max_user_namespaces': '0' } }),
      /^This container .*: on the machine that it runs on sysctl -w user\.max_user_namespaces=\d+; then docker run --this\.$/,
    ],
    [explainFailure('bwrap: Unknown option --size', '0.6.1', facts), /0\.6\.1 is too old: 0\.7\.0/],
    [explainFailure('', '0.8.0', facts), /it said nothing/],
  ]
  for (const [sentence, expected] of explained) {
    assert.match(sentence, expected)
    assert.match(sentence, /\.$/)
    assert.ok(!sentence.includes('\n'))
  }
})
