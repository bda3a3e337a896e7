// Every real client that can run here without a window, against `sallyport guard` in front of a real server: each registers itself, its person
// signs in and allows it in a browser that needs nobody, and it calls a tool.
//
//   npm run clients [-- --only NAME]… [--json]

import { tryAll } from '../clients/outcome.ts'
import { createPerson, type Person } from '../clients/person.ts'
import { type Target, targets } from '../clients/targets.ts'
import { clients } from './clients.ts'

await using target = await (targets['a guarded server'] as () => Promise<Target>)()

await tryAll(clients, async (name) => {
  const person: Person = await createPerson(target, name.replaceAll('/', '-').replace('@', ''))
  return { target, person, [Symbol.asyncDispose]: () => person[Symbol.asyncDispose]() }
})
