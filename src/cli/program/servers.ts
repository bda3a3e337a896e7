/** The commands about guarded servers: what they are handed by name, and what of them may be started. @module */

import { type Command, Option } from 'commander'
import { add, configFile, dataDir } from './add-command.ts'

export function addServerCommands(program: Command): void {
  const secret = add(program, 'secret', 'what guarded servers are handed by name')
  add(secret, 'set', 'keep a value, sealed; it is typed or read from stdin, and never shown', '<name>')
    .option('--user <name>', 'for this person alone (default: for everybody)')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/secret.ts')).setSecret(name, command.optsWithGlobals()),
    )
  add(secret, 'list', 'list names, never values')
    .option('--user <name>', 'only those of this person')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/secret.ts')).listSecrets(command.optsWithGlobals()))
  add(secret, 'remove', 'forget a value at once', '<name>')
    .option('--user <name>', 'of this person (default: the one for everybody)')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/secret.ts')).removeSecret(name, command.optsWithGlobals()),
    )

  const pin = add(program, 'pin', 'what may be started and reached: pinned packages, and servers as they were accepted (sallyport.lock)')
  const yes = (): Option => new Option('--yes', 'do not ask')
  add(pin, 'list', 'list them by server')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/pin.ts')).listPins(command.optsWithGlobals()))
  add(pin, 'accept', 'accept how a server is started or reached now; shows what has changed, and asks', '<server>')
    .addOption(yes())
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (server: string, _options, command: Command) =>
      (await import('../commands/pin.ts')).acceptPin(server, command.optsWithGlobals()),
    )
  add(pin, 'update', 'take the newest of what a server asks for; shows what that is, and asks', '<server>')
    .addOption(yes())
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (server: string, _options, command: Command) =>
      (await import('../commands/pin.ts')).updatePin(server, command.optsWithGlobals()),
    )
  add(pin, 'install', 'install what is pinned, again where it is there already', '[server]')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (server: string | undefined, _options, command: Command) =>
      (await import('../commands/pin.ts')).installPins(server, command.optsWithGlobals()),
    )
  add(pin, 'remove', 'forget what was accepted of a server', '<server>')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (server: string, _options, command: Command) =>
      (await import('../commands/pin.ts')).removePin(server, command.optsWithGlobals()),
    )
}
