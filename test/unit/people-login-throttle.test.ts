/** Which tries at a password are counted together, and that none of the counts locks anybody out. */

import assert from 'node:assert/strict'
import { test } from 'node:test'
import { addressGroup } from '../../src/oauth/addresses.ts'
import { createLoginThrottle } from '../../src/people/login-throttle.ts'
import { createMemoryCounters } from '../../src/storage/index.ts'

function create() {
  let now = 1_000_000
  const throttle = createLoginThrottle(createMemoryCounters({ clock: () => now }))
  return {
    pass: (seconds: number) => {
      now += seconds * 1000
    },
    /** Seconds to wait; 0 where the password was looked at. */
    async attempt(name: string, address: string, right: boolean | 'busy' = false): Promise<number> {
      const outcome = await throttle.guard(name, address, async () => ({ right: right === 'busy' ? undefined : right, outcome: true }))
      return typeof outcome === 'boolean' ? 0 : outcome.waitSeconds
    },
  }
}

test('addresses that one machine has for the asking are one', () => {
  const same: readonly (readonly [string, ...string[]])[] = [
    ['127.0.0.1', '127.0.0.2', '127.255.3.9', '::1', '::ffff:127.0.0.1', '::FFFF:127.8.0.1'],
    ['2001:db8:1:2::1', '2001:db8:1:2:ffff::', '2001:DB8:0001:2:3:4:5:6'],
    ['2001:db8::1', '2001:db8:0:0:1::'],
    ['192.0.2.1', '::ffff:192.0.2.1'],
    ['fe80::1', 'fe80::2%eth0'],
  ]
  const groups = same.map(([first, ...others]) => {
    for (const other of others) assert.equal(addressGroup(other), addressGroup(first), other)
    return addressGroup(first)
  })
  groups.push(...['192.0.2.2', '2001:db8:1:3::1', '128.0.0.1', '::2', '127.0.0.1.example', 'unknown'].map(addressGroup))
  assert.equal(new Set(groups).size, groups.length)
})

test('tries from all over loopback wait as from one address', async () => {
  const { attempt } = create()
  let looked = 0
  for (let index = 0; index < 60; index++) if ((await attempt('ana', `127.0.${index}.7`)) === 0) looked++
  assert.equal(looked, 4)
  assert.ok((await attempt('ana', '::1', true)) > 0)
})

test('a name that is tried from many addresses slows down a little everywhere, and never for long', async () => {
  const { attempt, pass } = create()
  let looked = 0
  for (let index = 0; index < 1_000; index++) if ((await attempt('ana', `192.0.${index >> 8}.${index & 255}`)) === 0) looked++
  assert.equal(looked, 51)
  const wait = await attempt('ana', '198.51.100.1', true)
  assert.equal(wait, 1)
  pass(wait)
  assert.equal(await attempt('ana', '198.51.100.1', true), 0, 'nobody is locked out')
  assert.equal(await attempt('ben', '198.51.100.2'), 0, 'another name does not wait')

  let longest = 0
  for (let index = 0; index < 800; index++) {
    longest = Math.max(longest, await attempt('ana', `203.0.${index >> 8}.${index & 255}`))
    pass(1)
  }
  assert.equal(longest, 10)
})

test('where somebody signed in before, tries from other addresses change nothing', async () => {
  const { attempt } = create()
  assert.equal(await attempt('ana', '198.51.100.1', true), 0)
  for (let index = 0; index < 200; index++) await attempt('ana', `192.0.2.${index}`)
  assert.ok((await attempt('ana', '198.51.100.2', true)) > 0)
  assert.equal(await attempt('ana', '198.51.100.1', true), 0)
  for (let index = 0; index < 4; index++) assert.equal(await attempt('ana', '198.51.100.1'), 0)
  assert.ok((await attempt('ana', '198.51.100.1')) > 0, 'its own tries still count')
})

test('who only found the server busy is not known there as somebody who signed in', async () => {
  const { attempt, pass } = create()
  for (let index = 0; index < 200; index++) await attempt('ana', `192.0.${index >> 8}.${index & 255}`)
  pass(1)
  assert.equal(await attempt('ana', '198.51.100.7', 'busy'), 0)
  assert.ok((await attempt('ana', '198.51.100.7')) > 0, 'still as slow as from anywhere')
  pass(1)
  for (let index = 0; index < 10; index++) await attempt('ben', '198.51.100.8', 'busy')
  assert.equal(await attempt('ben', '198.51.100.8'), 0, 'nor is it a failure')
})

test('who has to wait at one address takes nobody’s turn at another', async () => {
  const { attempt, pass } = create()
  for (let index = 0; index < 200; index++) await attempt('ana', `192.0.${index >> 8}.${index & 255}`)
  for (let index = 0; index < 30; index++) {
    await attempt('ana', '198.51.100.7')
    pass(10)
  }
  // Somebody who asks ten times a second, and is told each time to wait a minute.
  let tries = 0
  for (let tenth = 0; tenth < 200; tenth++) {
    await attempt('ana', '198.51.100.7')
    pass(0.1)
    if (tenth % 11 === 10) {
      tries++
      if ((await attempt('ana', '203.0.113.5', true)) === 0) break
    }
  }
  assert.ok(tries <= 12, `${tries} tries`)
})
