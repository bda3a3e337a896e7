// The client of README, as it stands but for the address: a person signs in with the browser that it opens, once for two runs.

import assert from 'node:assert/strict'
import { writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { createTempDir, ROOT, run } from '../support/index.ts'
import { runSnippet, type Snippet, snippetsIn } from '../support/snippets.ts'
import { createPerson } from './person.ts'

test('the client of README signs in once, lists and calls', async () => {
  const [dice, roll] = (await snippetsIn('README.md')) as [Snippet, Snippet]
  await using ran = await runSnippet(dice)
  await using person = await createPerson(ran, 'alice')
  await using folder = await createTempDir('readme')
  const program = join(folder.path, 'roll.ts')
  const address = 'http://localhost:7777/mcp'
  assert.ok(roll.program.includes(address))
  await writeFile(
    program,
    roll.program.replace(address, ran.server.url as string).replace("'sallyport'", `'${join(ROOT, 'src', 'index.ts')}'`),
  )
  for (const _ of ['opens the browser', 'does not']) {
    const { stdout, stderr, code } = await run(process.execPath, [program], { env: person.env, cwd: folder.path, timeoutMs: 60_000 })
    assert.equal(code, 0, `${stderr}${await person.visits()}`)
    assert.match(stdout, /^roll · Rolls a die\n[\s\S]*text: '[1-6]'/)
  }
  assert.equal((await person.visits()).match(/authorize|\/auth/g)?.length ?? 0, 1, await person.visits())
})
