/**
 * Every command with its options: the whole interface in one place. What a command does is in its own file, loaded only when it
 * runs, so that `--help` stays quick.
 *
 * @module
 */

import { Command, Option } from 'commander'
import { version } from './version.ts'

export function createProgram(argv: readonly string[]): Command {
  const program = new Command('sallyport')
    .description('Guards MCP servers: sign-in, permissions, limits and a record of every decision.')
    .version(version(), '-V, --version')
    .option('--json', 'print one JSON object on stdout')
    .addHelpText('after', help)
    .showSuggestionAfterError()
  withoutExit(program)

  add(program, 'guard', 'put the guard in front of an MCP server', '[target...]')
    .usage('[options] URL\n       sallyport guard [options] -- COMMAND [ARGUMENT…]\n       sallyport guard [options] --config FILE')
    .option('--port <number>', 'listen on this port of this machine (default: 7777, or PORT)')
    .option('--stdio', 'speak MCP on stdin and stdout instead of HTTP')
    .addOption(dataDir())
    .option('--config <file>', 'the configuration (default: sallyport.yaml, looked for upwards)')
    .addOption(new Option('--classify <how>', "take the server's own read-only hints over, once, on your word").choices(['annotations']))
    .option('--ready-json', 'print one line {"url","issuer"} on stdout once requests are accepted')
    .action(async (target: string[], _options, command: Command) =>
      (await import('./commands/guard.ts')).guard(target, argv.includes('--'), command.optsWithGlobals()),
    )

  add(program, 'new', 'write a small server of your own, with a test and a Dockerfile', '<name>')
    .option('--dry-run', 'only say what would be written')
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/new.ts')).newServer(name, command.optsWithGlobals()),
    )

  const key = add(program, 'key', 'API keys')
  add(key, 'create', 'make a key; it is shown once')
    .requiredOption('--name <name>', 'what the key is for')
    .requiredOption('--scope <scope...>', 'what it may do: tools:read, tools:execute, prompts:read, resources:read, …')
    .option('--role <role...>', 'roles that it has')
    .option('--expires <span>', 'how long it is good for: 30m, 12h, 90d, up to 3650d', '90d')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/key.ts')).createKey(command.optsWithGlobals()))
  add(key, 'list', 'list the keys, never their secrets')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/key.ts')).listKeys(command.optsWithGlobals()))
  add(key, 'revoke', 'end a key at once', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('./commands/key.ts')).revokeKey(id, command.optsWithGlobals()))

  const user = add(program, 'user', 'accounts of people who may sign in')
  add(user, 'add', 'add an account; the password is asked for', '<name>')
    .option('--password-stdin', 'read the password from stdin')
    .option('--role <role...>', 'roles that the account has')
    .addOption(dataDir())
    .action(async (name: string, _options, command: Command) =>
      (await import('./commands/user.ts')).addUser(name, command.optsWithGlobals()),
    )
  add(user, 'list', 'list the accounts')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/user.ts')).listUsers(command.optsWithGlobals()))

  const audit = add(program, 'audit', 'the record of every decision')
  add(audit, 'search', 'find decisions, newest first')
    .option('--since <when>', 'from a span ago (24h, 7d) or a date on')
    .option('--decision <which>', 'allow, deny or error; several with commas')
    .option('--subject <who>', 'of this account or key')
    .option('--tool <name>', 'about this tool, prompt or resource')
    .option('--limit <number>', 'at most so many', '100')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/audit.ts')).searchAudit(command.optsWithGlobals()))
  add(audit, 'verify', 'prove that no record was changed or removed')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/audit.ts')).verifyAudit(command.optsWithGlobals()))

  add(program, 'why', 'explain one decision', '<id>')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('./commands/why.ts')).why(id, command.optsWithGlobals()))

  add(program, 'doctor', 'check this machine, the configuration and a running server')
    .option('--url <url>', 'also check the server that runs there')
    .option('--port <number>', 'the port that guard would use')
    .option('--config <file>', 'the configuration (default: sallyport.yaml, looked for upwards)')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('./commands/doctor.ts')).doctor(command.optsWithGlobals()))

  add(program, 'schema', 'print the JSON Schema of sallyport.yaml').action(async () => (await import('./commands/schema.ts')).printSchema())

  return program
}

const dataDir = (): Option => new Option('--data-dir <folder>', 'where keys, accounts and the audit are kept (or SALLYPORT_DATA_DIR)')

function add(parent: Command, name: string, description: string, args = ''): Command {
  const command = parent.command(`${name} ${args}`.trim()).description(description).option('--json', 'print one JSON object on stdout')
  return withoutExit(command)
}

/** Errors are thrown to `main.ts`, which prints them in our own form. */
function withoutExit(command: Command): Command {
  return command
    .exitOverride()
    .configureOutput({ outputError: () => {} })
    .helpCommand(false)
    .allowExcessArguments(false)
}

const help = `
Examples:
  sallyport guard -- npx -y @modelcontextprotocol/server-filesystem ~/notes
  sallyport guard https://mcp.example.com/mcp
  sallyport new my-server
  sallyport key create --name ci --scope tools:read --expires 30d
  sallyport audit search --since 24h --decision deny

Exit codes: 0 ok · 1 failure · 2 usage or configuration · 6 upstream down · 8 audit chain broken · 130 interrupted`
