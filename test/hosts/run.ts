// Real hosts against `sallyport guard` in front of a real server: each signs in, takes what a stand-in for the model wants for a wish of its own, and
// calls the tool. What counts is the record of the guard: the call of that host, and where the host says it, under the id of the tool use.
//
//   npm run clients:hosts [-- --only NAME]… [--json]

import { guardFiles } from '../clients/files.ts'
import { tryAll } from '../clients/outcome.ts'
import { createPerson } from '../clients/person.ts'
import { hosts } from './hosts.ts'
import { startModel } from './model.ts'

await using files = await guardFiles()
const read = { name: 'read_text_file', arguments: { path: files.note } }

await tryAll(hosts, async (name) => {
  const person = await createPerson(files.guard, name)
  const model = await startModel({ tool: read.name, arguments: read.arguments })
  return {
    files,
    person,
    model,
    tool: read.name,
    async [Symbol.asyncDispose]() {
      await model[Symbol.asyncDispose]()
      await person[Symbol.asyncDispose]()
    },
  }
})
