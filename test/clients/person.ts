// A person with an account at a guard or a server, on a machine of their own: an empty home folder and a browser that needs nobody. Clients find
// it as `xdg-open`, first in PATH, and as BROWSER; which of the two they ask differs.

import { chmod, mkdir, readFile, writeFile } from 'node:fs/promises'
import { delimiter, join } from 'node:path'
import { createTempDir, type Guard, ROOT, withBin } from '../support/index.ts'

export interface Person extends AsyncDisposable {
  readonly name: string
  readonly password: string
  /** The environment that clients of this person are started in. */
  readonly env: Record<string, string>
  /** What their browser did so far; for failure messages, and to see how often it was asked. */
  visits(): Promise<string>
}

export async function createPerson(at: Pick<Guard, 'user'>, name: string): Promise<Person> {
  const password = `correct horse ${name} battery`
  await at.user(name, password)

  const home = await createTempDir('home')
  const programs = join(home.path, 'bin')
  const browser = join(programs, 'xdg-open')
  const log = join(home.path, 'visits.log')
  await mkdir(programs)
  await writeFile(log, '')
  await writeFile(browser, `#!/bin/sh\nexec '${process.execPath}' '${join(ROOT, 'test', 'clients', 'open-and-sign-in.ts')}' "$@"\n`)
  await chmod(browser, 0o755)

  const env = {
    HOME: home.path,
    XDG_CONFIG_HOME: join(home.path, '.config'),
    PATH: `${programs}${delimiter}${withBin()['PATH']}`,
    BROWSER: browser,
    SALLYPORT_TEST_LOG: log,
    SALLYPORT_TEST_NAME: name,
    SALLYPORT_TEST_PASSWORD: password,
  }
  return { name, password, env, visits: () => readFile(log, 'utf8'), [Symbol.asyncDispose]: home.remove }
}
