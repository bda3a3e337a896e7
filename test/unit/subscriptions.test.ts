// Who hears of which resource, while entries and permissions change under an open subscription.

import assert from 'node:assert/strict'
import { it } from 'node:test'
import { mcp } from '../support/mcp.ts'
import { startServer } from '../support/server.ts'
import type { Json } from '../support/sse.ts'
import { until } from '../support/until.ts'

const watched = (name: string, log: string[], tell: Record<string, () => void>) => ({
  uri: 'note://one',
  name,
  read: () => name,
  watch: (changed: () => void) => {
    log.push(`watch ${name}`)
    tell[name] = changed
    return () => void log.push(`stop ${name}`)
  },
})

it('a resource that was replaced is watched where it is now, once, however many listen', async () => {
  const log: string[] = []
  const tell: Record<string, () => void> = {}
  await using world = await startServer({ resources: [watched('old', log, tell)] })
  const client = mcp(world.url, { key: await world.key() })
  const listen = () => client.open('subscriptions/listen', { notifications: { resourceSubscriptions: ['note://one'] } })
  const streams = [await listen(), await listen()]
  const heard: Json[] = []
  for (const stream of streams)
    void (async () => {
      for await (const message of stream.messages) heard.push(message)
    })().catch(() => {})
  await until('it is watched', () => log.length > 0)
  assert.deepEqual(log, ['watch old'])
  await world.server.update({ resources: [watched('new', log, tell)] })
  assert.deepEqual(log, ['watch old', 'stop old', 'watch new'])
  tell['new']?.()
  const updates = (): number => heard.filter(({ method }) => method === 'notifications/resources/updated').length
  await until('both are told', () => updates() >= 2)
  for (const stream of streams) stream.abort()
  await until('nobody watches', () => log.length > 3)
  assert.deepEqual(log, ['watch old', 'stop old', 'watch new', 'stop new'])
  assert.equal(updates(), 2, 'each of them once')
})

it('whoever does not meet the rule of a resource does not hear of it', async () => {
  const rule = { requiredScopes: ['resources:read'], when: 'principal.roles.exists(role, role == "clerk")' }
  await using world = await startServer({ resources: [{ uri: 'note://one', name: 'one', permissions: rule, read: () => 'x' }] })
  for (const [roles, expected] of [
    [['clerk'], ['note://one']],
    [[], undefined],
  ] as const) {
    const client = mcp(world.url, { key: await world.key(['resources:read'], roles) })
    const stream = await client.open('subscriptions/listen', { notifications: { resourceSubscriptions: ['note://one'] } })
    const acknowledged = (await stream.messages.next()).value
    assert.deepEqual(acknowledged.params.notifications.resourceSubscriptions, expected)
    stream.abort()
  }
})
