import assert from 'node:assert/strict'
import { test } from 'node:test'
import { decodeJwt } from 'jose'
import { createServerClocks } from '../../src/client/sign-in/dpop-clocks.ts'
import { createProofKeys } from '../../src/client/sign-in/dpop-key.ts'

const HERE = Date.UTC(2027, 0, 1)
const THERE = Date.UTC(2027, 0, 1, 3)
const dated = (at: number): Headers => new Headers({ date: new Date(at).toUTCString() })

test('a proof goes by the clock of the server that it is for, once that is known, and by ours elsewhere', async () => {
  const { key } = await createProofKeys(() => HERE).create()
  const [url, other] = [new URL('https://mcp.example/mcp'), new URL('https://as.example/token')]
  const iatFor = async (at: URL): Promise<number | undefined> => decodeJwt(await key.prove({ method: 'POST', url: at })).iat
  assert.equal(await iatFor(url), HERE / 1000)
  key.heard(url, dated(THERE))
  assert.equal(await iatFor(url), THERE / 1000)
  assert.equal(await iatFor(other), HERE / 1000)
})

test('what is near, or no date, changes nothing; places are few', () => {
  const clocks = createServerClocks(() => HERE)
  const url = new URL('https://mcp.example/mcp')
  for (const headers of [dated(HERE + 9000), dated(HERE - 9000), new Headers(), new Headers({ date: 'tomorrow' })]) {
    clocks.hear(url, dated(THERE))
    clocks.hear(url, headers)
    assert.equal(clocks.now(url), HERE)
  }
  const first = new URL('https://mcp.example/0')
  for (let place = 0; place <= 16; place++) clocks.hear(new URL(`https://mcp.example/${place}`), dated(THERE))
  assert.equal(clocks.now(first), HERE)
  assert.equal(clocks.now(new URL('https://mcp.example/16')), THERE)
})
