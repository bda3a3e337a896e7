/** The commands about keys: those that callers have, and those of the server itself. @module */

import type { Command } from 'commander'
import { add, dataDir } from './add-command.ts'

export function addKeyCommands(program: Command): void {
  const key = add(program, 'key', 'API keys')
  add(key, 'create', 'make a key; it is shown once')
    .requiredOption('--name <name>', 'what the key is for')
    .requiredOption('--scope <scope...>', 'what it may do: tools:read, tools:execute, prompts:read, resources:read, …')
    .option('--role <role...>', 'roles that it has')
    .option('--server <name...>', 'only these servers of a gateway (default: all)')
    .option('--expires <span>', 'how long it is good for: 30m, 12h, 90d, up to 3650d', '90d')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/key.ts')).createKey(command.optsWithGlobals()))
  add(key, 'list', 'list the keys, never their secrets')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/key.ts')).listKeys(command.optsWithGlobals()))
  add(key, 'show', 'what a key may do, and when it was last used, from where and with which client', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('../commands/key.ts')).showKey(id, command.optsWithGlobals()))
  add(key, 'roll', 'make a new key in place of one, which goes on for a while', '<id>')
    .option('--overlap <span>', 'how long the old one goes on; 0 ends it at once', '24h')
    .option('--expires <span>', 'how long the new one is good for (default: as long as the old one was)')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('../commands/key.ts')).rollKey(id, command.optsWithGlobals()))
  add(key, 'revoke', 'end a key at once', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('../commands/key.ts')).revokeKey(id, command.optsWithGlobals()))
  add(key, 'pattern', 'print what a secret scanner finds keys by').action(async (_options, command: Command) =>
    (await import('../commands/key.ts')).printKeyPattern(command.optsWithGlobals()),
  )

  const keys = add(program, 'keys', 'the master key, and the keys that access tokens are signed with')
  add(keys, 'list', 'list them, with what each is for now')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/keys.ts')).listKeys(command.optsWithGlobals()))
  add(keys, 'rotate', 'replace the master key; may be interrupted, and run again')
    .option('--new-passphrase-file <file>', 'by what this passphrase gives')
    .option('--signing', 'not that one: publish the next signing key, which signs a quarter of an hour later')
    .option('--payload', 'not that one: another identity and another key for encrypted fields')
    .option('--compromised', 'with --signing: sign with it at once, and refuse every token that another key has signed')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/keys.ts')).rotate(command.optsWithGlobals()))
  add(keys, 'payload', 'print what encrypted fields are sealed to, and the identity that vouches for it')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/keys-payload.ts')).listPayloadKeys(command.optsWithGlobals()))
}
