/**
 * Every command with its options: the whole interface in one place. What a command does is in its own file, loaded only when it
 * runs, so that `--help` stays quick.
 *
 * @module
 */

import { Command, Option } from 'commander'
import { add, dataDir, withoutExit } from './add-command.ts'
import { addCallingCommands, CALLING } from './calling-program.ts'
import { addSandboxOptions } from './sandbox-options.ts'
import { version } from './version.ts'

export function createProgram(argv: readonly string[]): Command {
  const program = new Command('sallyport')
    .description('Guards MCP servers: sign-in, permissions, limits and a record of every decision.')
    .version(version(), '-V, --version')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', help)
    .showSuggestionAfterError()
  withoutExit(program)

  addSandboxOptions(add(program, 'guard', 'put the guard in front of an MCP server', '[target...]'))
    .usage('[options] URL\n       sallyport guard [options] -- COMMAND [ARGUMENT…]\n       sallyport guard [options] --config FILE')
    .option('--port <number>', 'listen on this port of this machine (default: 7777, or PORT)')
    .option('--stdio', 'speak MCP on stdin and stdout instead of HTTP')
    .addOption(dataDir())
    .option('--config <file>', 'the configuration (default: sallyport.yaml, looked for upwards)')
    .addOption(new Option('--classify <how>', "take the server's own read-only hints over, once, on your word").choices(['annotations']))
    .option('--accept', 'accept what is configured now: changed commands, and what packages without a version come to')
    .option('--ready-json', 'print one line {"url","issuer"} on stdout once requests are accepted')
    .action(async (target: string[], _options, command: Command) =>
      (await import('./commands/guard.ts')).guard(target, argv.includes('--'), command.optsWithGlobals()),
    )

  addSandboxOptions(add(program, 'explain', 'what servers could reach, if they were started now', '[server...]'))
    .usage('[options] [SERVER…]\n       sallyport explain [options] -- COMMAND [ARGUMENT…]')
    .option('--config <file>', 'the configuration (default: sallyport.yaml, looked for upwards)')
    .addOption(dataDir())
    .action(async (words: string[], _options, command: Command) =>
      (await import('./commands/explain.ts')).explain(words, argv.includes('--'), command.optsWithGlobals()),
    )

  add(program, 'new', 'write a small server of your own, with a test and a Dockerfile', '<name>')
    .option('--dry-run', 'only say what would be written')
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/new.ts')).newServer(name, command.optsWithGlobals()),
    )

  add(
    program,
    'redact',
    'take secrets and personal data out of texts: one JSON object {"id","text"} a line in, the same with "findings" out',
  )
    .addOption(
      new Option('--allow <kind...>', 'leave these kinds of personal data').choices(['card', 'iban', 'ssn', 'email', 'ip', 'phone']),
    )
    .option('--secrets-only', 'leave all personal data')
    .action(async (_options, command: Command) => (await import('./commands/redact.ts')).redact(command.optsWithGlobals()))
  add(program, 'reveal', 'what a sign stands for that was sent in place of personal data (tok_email_…)', '<sign>')
    .addOption(dataDir())
    .action(async (sign: string, _options, command: Command) =>
      (await import('./commands/reveal.ts')).reveal(sign, command.optsWithGlobals()),
    )

  add(program, 'stats', 'how many tokens of results were sent, and how many saved, by tool and by day')
    .option('--since <when>', 'from when on: 7d, 24h or a date', '7d')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/stats.ts')).stats(command.optsWithGlobals()))

  const key = add(program, 'key', 'API keys')
  add(key, 'create', 'make a key; it is shown once')
    .requiredOption('--name <name>', 'what the key is for')
    .requiredOption('--scope <scope...>', 'what it may do: tools:read, tools:execute, prompts:read, resources:read, …')
    .option('--role <role...>', 'roles that it has')
    .option('--server <name...>', 'only these servers of a gateway (default: all)')
    .option('--expires <span>', 'how long it is good for: 30m, 12h, 90d, up to 3650d', '90d')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/key.ts')).createKey(command.optsWithGlobals()))
  add(key, 'list', 'list the keys, never their secrets')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/key.ts')).listKeys(command.optsWithGlobals()))
  add(key, 'show', 'what a key may do, and when it was last used, from where and with which client', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('./commands/key.ts')).showKey(id, command.optsWithGlobals()))
  add(key, 'roll', 'make a new key in place of one, which goes on for a while', '<id>')
    .option('--overlap <span>', 'how long the old one goes on; 0 ends it at once', '24h')
    .option('--expires <span>', 'how long the new one is good for (default: as long as the old one was)')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('./commands/key.ts')).rollKey(id, command.optsWithGlobals()))
  add(key, 'revoke', 'end a key at once', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('./commands/key.ts')).revokeKey(id, command.optsWithGlobals()))
  add(key, 'pattern', 'print what a secret scanner finds keys by').action(async (_options, command: Command) =>
    (await import('./commands/key.ts')).printKeyPattern(command.optsWithGlobals()),
  )

  const keys = add(program, 'keys', 'the master key, and the keys that access tokens are signed with')
  add(keys, 'list', 'list them, with what each is for now')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/keys.ts')).listKeys(command.optsWithGlobals()))
  add(keys, 'rotate', 'replace the master key; may be interrupted, and run again')
    .option('--new-passphrase-file <file>', 'by what this passphrase gives')
    .option('--signing', 'not that one: publish the next signing key, which signs a quarter of an hour later')
    .option('--payload', 'not that one: another identity and another key for encrypted fields')
    .option('--compromised', 'with --signing: sign with it at once, and refuse every token that another key has signed')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/keys.ts')).rotate(command.optsWithGlobals()))
  add(keys, 'payload', 'print what encrypted fields are sealed to, and the identity that vouches for it')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/keys-payload.ts')).listPayloadKeys(command.optsWithGlobals()))

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
    .action(async (_options, command: Command) => (await import('./commands/client.ts')).createClient(command.optsWithGlobals()))
  add(client, 'list', 'list the clients, never their secrets')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/client.ts')).listClients(command.optsWithGlobals()))
  add(client, 'show', 'what a client may do, and who has allowed it something', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('./commands/client.ts')).showClient(id, command.optsWithGlobals()),
    )
  add(client, 'approve', 'vouch for a client as it is now: its name, and where it sends people', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('./commands/client.ts')).approveClient(id, command.optsWithGlobals()),
    )
  add(client, 'unapprove', 'vouch for it no longer: people are asked', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('./commands/client.ts')).unapproveClient(id, command.optsWithGlobals()),
    )
  add(client, 'remove', 'end a client, and all that it was allowed, at once', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('./commands/client.ts')).removeClient(id, command.optsWithGlobals()),
    )

  const grant = add(program, 'grant', 'what people have allowed clients')
  add(grant, 'list', 'list the grants')
    .option('--account <name>', 'only those of this account')
    .option('--client <id>', 'only those of this client')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/grant.ts')).listGrants(command.optsWithGlobals()))
  add(grant, 'show', 'who has allowed what to which client', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) =>
      (await import('./commands/grant.ts')).showGrant(id, command.optsWithGlobals()),
    )
  add(grant, 'revoke', 'end grants, and every token that came of them, at once', '<id...>')
    .addOption(dataDir())
    .action(async (ids: string[], _options, command: Command) =>
      (await import('./commands/grant.ts')).revokeGrants(ids, command.optsWithGlobals()),
    )

  addUserCommands(program)

  const secret = add(program, 'secret', 'what guarded servers are handed by name')
  add(secret, 'set', 'keep a value, sealed; it is typed or read from stdin, and never shown', '<name>')
    .option('--user <name>', 'for this person alone (default: for everybody)')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/secret.ts')).setSecret(name, command.optsWithGlobals()),
    )
  add(secret, 'list', 'list names, never values')
    .option('--user <name>', 'only those of this person')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/secret.ts')).listSecrets(command.optsWithGlobals()))
  add(secret, 'remove', 'forget a value at once', '<name>')
    .option('--user <name>', 'of this person (default: the one for everybody)')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/secret.ts')).removeSecret(name, command.optsWithGlobals()),
    )

  addPinCommands(program)

  const audit = add(program, 'audit', 'the record of every decision')
  add(audit, 'search', 'find decisions, newest first')
    .option('--since <when>', 'from a span ago (24h, 7d) or a date on')
    .option('--decision <which>', 'allow, deny or error; several with commas')
    .option('--subject <who>', 'of this account or key')
    .option('--action <name>', 'of this kind: tools/call, secret.found, personal.reveal, key.create, …')
    .option('--tool <name>', 'about this tool, prompt or resource')
    .option('--limit <number>', 'at most so many', '100')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/audit.ts')).searchAudit(command.optsWithGlobals()))
  add(audit, 'verify', 'prove that no record was changed or removed')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/audit.ts')).verifyAudit(command.optsWithGlobals()))

  const data = add(program, 'data', 'what is kept of somebody: an account, ISSUER#SUBJECT or a key')
  add(data, 'report', 'how much, since when and until when; no contents', '<subject>')
    .addOption(dataDir())
    .action(async (subject: string, _options, command: Command) =>
      (await import('./commands/data.ts')).reportData(subject, command.optsWithGlobals()),
    )
  add(data, 'export', 'all of it that is readable, a line of JSON each; no secrets', '<subject>')
    .option('--out <file>', 'into a file that only you can read, in place of stdout')
    .addOption(dataDir())
    .action(async (subject: string, _options, command: Command) =>
      (await import('./commands/data.ts')).exportData(subject, command.optsWithGlobals()),
    )
  add(data, 'forget', 'destroy it for good, in backups too; asks before', '[subject]')
    .option('--class <name>', 'only this class of data; without a subject, of everybody')
    .option('--yes', 'do not ask')
    .option('--owner', 'even if it is the one who set this server up')
    .addOption(dataDir())
    .action(async (subject: string | undefined, _options, command: Command) =>
      (await import('./commands/data.ts')).forgetData(subject, command.optsWithGlobals()),
    )

  add(program, 'why', 'explain one decision', '<id>')
    .option('--arguments', 'show the arguments too, where they were kept; that is on record')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('./commands/why.ts')).why(id, command.optsWithGlobals()))

  add(program, 'doctor', 'check this machine, the configuration and a running server', '[url]')
    .option('--url <url>', 'also check the server that runs there')
    .option('--as <clients>', 'only check that server, as these clients: claude-code,codex,inspector,opencode,mcp-remote,mcpc,browser')
    .option('--port <number>', 'the port that guard would use')
    .option('--config <file>', 'the configuration (default: sallyport.yaml, looked for upwards)')
    .addOption(dataDir())
    .action(async (url: string | undefined, _options, command: Command) =>
      (await import('./commands/doctor.ts')).doctor(command.optsWithGlobals(), url),
    )

  const logins = add(program, 'logins', 'which servers this machine is signed in to')
    .helpGroup(CALLING)
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/logins.ts')).showLogins(command.optsWithGlobals()))
  add(logins, 'rotate-key', 'seal what is kept of them with a new key; may be interrupted, and run again')
    .option('--keychain', 'of those whose key is in the keychain')
    .option('--reseal', 'make no new key: seal with the newest one that there is')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/logins.ts')).rotateKey(command.optsWithGlobals()))
  add(logins, 'prune', 'remove what nobody uses any more, and say what that was')
    .option('--unused <span>', 'also sign-ins and registrations that were not used for so long: 30d')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/logins-prune.ts')).pruneLogins(command.optsWithGlobals()))

  add(program, 'schema', 'print the JSON Schema of sallyport.yaml').action(async () => (await import('./commands/schema.ts')).printSchema())

  addCallingCommands(program, argv)

  return program
}

function addPinCommands(program: Command): void {
  const pin = add(program, 'pin', 'what may be started: pinned packages, and accepted commands (sallyport.lock)')
  const config = (): Option => new Option('--config <file>', 'the configuration (default: sallyport.yaml, looked for upwards)')
  const yes = (): Option => new Option('--yes', 'do not ask')
  add(pin, 'list', 'list them by server')
    .addOption(config())
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/pin.ts')).listPins(command.optsWithGlobals()))
  add(pin, 'accept', 'accept how a server is started now; shows what has changed, and asks', '<server>')
    .addOption(yes())
    .addOption(config())
    .addOption(dataDir())
    .action(async (server: string, _options, command: Command) =>
      (await import('./commands/pin.ts')).acceptPin(server, command.optsWithGlobals()),
    )
  add(pin, 'update', 'take the newest of what a server asks for; shows what that is, and asks', '<server>')
    .addOption(yes())
    .addOption(config())
    .addOption(dataDir())
    .action(async (server: string, _options, command: Command) =>
      (await import('./commands/pin.ts')).updatePin(server, command.optsWithGlobals()),
    )
  add(pin, 'install', 'install what is pinned, again where it is there already', '[server]')
    .addOption(config())
    .addOption(dataDir())
    .action(async (server: string | undefined, _options, command: Command) =>
      (await import('./commands/pin.ts')).installPins(server, command.optsWithGlobals()),
    )
  add(pin, 'remove', 'forget what was accepted of a server', '<server>')
    .addOption(config())
    .addOption(dataDir())
    .action(async (server: string, _options, command: Command) =>
      (await import('./commands/pin.ts')).removePin(server, command.optsWithGlobals()),
    )
}

function addUserCommands(program: Command): void {
  const user = add(program, 'user', 'accounts of people who may sign in')
  add(user, 'add', 'add an account; the password is asked for', '<name>')
    .option('--password-stdin', 'read the password from stdin')
    .option('--role <role...>', 'roles that the account has')
    .option('--group <group...>', 'groups that it belongs to')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user.ts')).addUser(name, command.optsWithGlobals()),
    )
  add(user, 'list', 'list the accounts, and who is invited')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/user.ts')).listUsers(command.optsWithGlobals()))
  add(user, 'show', 'what an account may do, and how it signs in', '<name>')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user.ts')).showUser(name, command.optsWithGlobals()),
    )
  add(user, 'invite', 'print a link with which somebody makes an account of that name, good once for three days', '<name>')
    .option('--role <role...>', 'roles that the account will have')
    .option('--group <group...>', 'groups that it will belong to')
    .addOption(pagesUrl())
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user-link.ts')).inviteUser(name, command.optsWithGlobals()),
    )
  add(user, 'reset', 'print a link with which somebody chooses a new password, good once for an hour', '<name>')
    .option('--second-factor', 'also remove their one-time codes, recovery codes and passkeys, and end their sessions')
    .addOption(pagesUrl())
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user-link.ts')).resetUser(name, command.optsWithGlobals()),
    )
  add(user, 'roles', 'show or change the roles and groups of an account', '<name>')
    .option('--add <role...>', 'give it these roles')
    .option('--take <role...>', 'take these away')
    .option('--add-group <group...>', 'put it into these groups')
    .option('--take-group <group...>', 'take it out of these')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user-change.ts')).changeRoles(name, command.optsWithGlobals()),
    )
  add(user, 'disable', 'switch an account off, with all that it has allowed', '<name>')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user-change.ts')).disableUser(name, command.optsWithGlobals()),
    )
  add(user, 'enable', 'switch an account on again', '<name>')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user-change.ts')).enableUser(name, command.optsWithGlobals()),
    )
  add(user, 'remove', 'remove an account with all that is its own, or end an invitation', '<name>')
    .option('--owner', 'even if it is the one that set this server up')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user-change.ts')).removeUser(name, command.optsWithGlobals()),
    )
  add(user, 'sessions', 'at which browsers somebody is signed in', '<name>')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user-sessions.ts')).listSessions(name, command.optsWithGlobals()),
    )
  add(user, 'end-sessions', 'sign somebody out at all browsers, or at those', '<name> [id...]')
    .addOption(dataDir())
    .action(async (name: string, ids: string[], _options, command: Command) =>
      (await import('./commands/user-sessions.ts')).endSessions(name, ids, command.optsWithGlobals()),
    )
}

const pagesUrl = (): Option => new Option('--url <url>', 'where people reach the guard (default: what the configuration says)')

const help = `
Examples:
  sallyport guard --allow-write ~/notes -- npx -y @modelcontextprotocol/server-filesystem@2026.8.31 ~/notes
  sallyport guard https://mcp.example.com/mcp
  sallyport new my-server
  sallyport key create --name ci --scope tools:read --expires 30d
  sallyport audit search --since 24h --decision deny
  sallyport tools https://mcp.example.com/mcp

Exit codes: 0 ok · 1 failure · 2 usage or configuration · 3 sign-in needed · 4 declined · 5 tool failed
            6 server down · 7 server not trusted · 8 audit chain broken · 130 interrupted`
