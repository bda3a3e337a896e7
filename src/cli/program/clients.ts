/** The commands about programs: who they are, and what people have allowed them. @module */

import type { Command } from 'commander'
import { add, dataDir } from './add-command.ts'

export function addClientCommands(program: Command): void {
  const client = add(program, 'client', 'programs that people sign in to, or that act for themselves')
  add(client, 'create', 'register a client; its secret is shown once')
    .requiredOption('--name <name>', 'what people read when they are asked')
    .option('--redirect-uri <uri...>', 'where people are sent back to')
    .option('--grant <grant...>', 'code, device, client-credentials, token-exchange or jwt-bearer (default: by what else is given)')
    .option('--scope <scope...>', 'what it may do at most; needed for client-credentials')
    .option('--auth <method>', 'none, client_secret_basic, client_secret_post (default: by what else is given)')
    .option('--jwks <file>', 'its public keys, as a JWK set: it signs in with private_key_jwt')
    .option('--certificate <file...>', 'its own certificates, in PEM: it signs in with one of them')
    .option('--certificate-name <name>', 'which certificate of your authority is its: dn=…, dns=…, uri=…, ip=… or email=…')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/client-create.ts')).createClient(command.optsWithGlobals()))
  add(client, 'list', 'list the clients, never their secrets')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/client.ts')).listClients(command.optsWithGlobals()))
  add(client, 'show', 'what a client may do, and who has allowed it something', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('../commands/client.ts')).showClient(id, command.optsWithGlobals()),
    )
  add(client, 'approve', 'vouch for a client as it is now: its name, and where it sends people', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('../commands/client.ts')).approveClient(id, command.optsWithGlobals()),
    )
  add(client, 'unapprove', 'vouch for it no longer: people are asked', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('../commands/client.ts')).unapproveClient(id, command.optsWithGlobals()),
    )
  add(client, 'remove', 'end a client, and all that it was allowed, at once', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('../commands/client.ts')).removeClient(id, command.optsWithGlobals()),
    )

  const grant = add(program, 'grant', 'what people have allowed clients')
  add(grant, 'list', 'list the grants')
    .option('--account <name>', 'only those of this account')
    .option('--client <id>', 'only those of this client')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/grant.ts')).listGrants(command.optsWithGlobals()))
  add(grant, 'show', 'who has allowed what to which client', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('../commands/grant.ts')).showGrant(id, command.optsWithGlobals()),
    )
  add(grant, 'revoke', 'end grants, and every token that came of them, at once', '<id...>')
    .addOption(dataDir())
    .action(async (ids: string[], _options, command: Command) =>
      (await import('../commands/grant.ts')).revokeGrants(ids, command.optsWithGlobals()),
    )
}
