/** The commands about people: their accounts, how they sign in, and where they are signed in. @module */

import { type Command, Option } from 'commander'
import { add, dataDir } from './add-command.ts'

export function addUserCommands(program: Command): void {
  const user = add(program, 'user', 'accounts of people who may sign in')
  add(user, 'add', 'add an account; the password is asked for', '<name>')
    .option('--password-stdin', 'read the password from stdin')
    .option('--role <role...>', 'roles that the account has')
    .option('--group <group...>', 'groups that it belongs to')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user.ts')).addUser(name, command.optsWithGlobals()),
    )
  add(user, 'list', 'list the accounts, and who is invited')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/user.ts')).listUsers(command.optsWithGlobals()))
  add(user, 'show', 'what an account may do, and how it signs in', '<name>')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user.ts')).showUser(name, command.optsWithGlobals()),
    )
  add(user, 'invite', 'print a link with which somebody makes an account of that name, good once for three days', '<name>')
    .option('--role <role...>', 'roles that the account will have')
    .option('--group <group...>', 'groups that it will belong to')
    .addOption(pagesUrl())
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user-link.ts')).inviteUser(name, command.optsWithGlobals()),
    )
  add(user, 'reset', 'print a link with which somebody chooses a new password, good once for an hour', '<name>')
    .option('--second-factor', 'also remove their one-time codes, recovery codes and passkeys, and end their sessions')
    .addOption(pagesUrl())
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user-link.ts')).resetUser(name, command.optsWithGlobals()),
    )
  add(user, 'roles', 'show or change the roles and groups of an account', '<name>')
    .option('--add <role...>', 'give it these roles')
    .option('--take <role...>', 'take these away')
    .option('--add-group <group...>', 'put it into these groups')
    .option('--take-group <group...>', 'take it out of these')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user-change.ts')).changeRoles(name, command.optsWithGlobals()),
    )
  add(user, 'disable', 'switch an account off, with all that it has allowed', '<name>')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user-change.ts')).disableUser(name, command.optsWithGlobals()),
    )
  add(user, 'enable', 'switch an account on again', '<name>')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user-change.ts')).enableUser(name, command.optsWithGlobals()),
    )
  add(user, 'remove', 'remove an account with all that is its own, or end an invitation', '<name>')
    .option('--owner', 'even if it is the one that set this server up')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user-change.ts')).removeUser(name, command.optsWithGlobals()),
    )
  add(user, 'sessions', 'at which browsers somebody is signed in', '<name>')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('../commands/user-sessions.ts')).listSessions(name, command.optsWithGlobals()),
    )
  add(user, 'end-sessions', 'sign somebody out at all browsers, or at those', '<name> [id...]')
    .addOption(dataDir())
    .action(async (name: string, ids: string[], _options, command: Command) =>
      (await import('../commands/user-sessions.ts')).endSessions(name, ids, command.optsWithGlobals()),
    )
}

const pagesUrl = (): Option => new Option('--url <url>', 'where people reach the guard (default: what the configuration says)')
