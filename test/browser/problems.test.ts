/** Pages on which it does not go on: each says what happened and what to do, and leads nowhere by itself. */

import assert from 'node:assert/strict'
import { after, before } from 'node:test'
import { postJson } from '../support/authorization.ts'
import type { TestServer } from '../support/server.ts'
import { type Program, startPlace, startProgram } from './place.ts'
import { openVisitor, walk } from './visitor.ts'

let place: TestServer
let program: Program
let stranger: string
before(async () => {
  place = await startPlace()
  program = await startProgram(place)
  // One whose errors would have us send people elsewhere.
  const registered = await postJson(`${place.issuer}/register`, { client_name: 'Prize draw', redirect_uris: [ELSEWHERE] })
  stranger = ((await registered.json()) as { client_id: string }).client_id
})
after(async () => {
  await program[Symbol.asyncDispose]()
  await place[Symbol.asyncDispose]()
})

const ELSEWHERE = 'https://prizes.example/callback'

/** What is opened, what its page is called, and the name of its picture. */
const stops: readonly (readonly [picture: string, heading: RegExp, open: () => string])[] = [
  ['problem-expired', /has ended/, () => `${place.issuer}/interaction/${'x'.repeat(21)}`],
  ['problem-unknown-program', /not known here/, () => program.url({ client_id: 'cl_forgotten' })],
  ['problem-unknown-redirect', /will not send you there/, () => program.url({ redirect_uri: 'https://evil.example/callback' })],
  ['problem-held-back', /cannot be answered/, () => program.url({ client_id: stranger, redirect_uri: ELSEWHERE, response_type: 'token' })],
  ['setup-gone', /no longer works/, () => `${place.issuer}/setup?code=used-up`],
]

walk('whatever ends a sign-in is a page in plain words', async () => {
  await using visitor = await openVisitor()
  const { page } = visitor
  for (const [picture, heading, open] of stops) {
    const response = await page.goto(open())
    assert.ok((response?.status() ?? 0) >= 400, picture)
    await page.getByRole('heading', { name: heading, level: 1 }).waitFor()
    await visitor.look(picture)
    assert.equal(new URL(page.url()).origin, new URL(place.issuer).origin, picture)
  }
})
