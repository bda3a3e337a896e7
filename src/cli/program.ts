/**
 * The whole interface: every command with its options, those of one kind in a file each in `program/`. What a command does is in its own
 * file in `commands/`, loaded only when it runs, so that `--help` stays quick.
 *
 * @module
 */

import { Command, Option } from 'commander'
import { add, configFile, dataDir, withoutExit } from './program/add-command.ts'
import { addCallingCommands } from './program/calling.ts'
import { addClientCommands } from './program/clients.ts'
import { addKeyCommands } from './program/keys.ts'
import { addRecordCommands } from './program/records.ts'
import { addSandboxOptions } from './program/sandbox-options.ts'
import { addServerCommands } from './program/servers.ts'
import { addUserCommands } from './program/users.ts'
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
    .addOption(configFile())
    .addOption(new Option('--classify <how>', "take the server's own read-only hints over, once, on your word").choices(['annotations']))
    .option('--accept', 'accept what is configured now: changed and new servers, and what packages without a version come to')
    .option('--ready-json', 'print one line {"url","issuer"} on stdout once requests are accepted')
    .action(async (target: string[], _options, command: Command) =>
      (await import('./commands/guard.ts')).guard(target, argv.includes('--'), command.optsWithGlobals()),
    )

  addSandboxOptions(add(program, 'explain', 'what servers could reach, if they were started now', '[server...]'))
    .usage('[options] [SERVER…]\n       sallyport explain [options] -- COMMAND [ARGUMENT…]')
    .addOption(configFile())
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

  addKeyCommands(program)
  addClientCommands(program)
  addUserCommands(program)
  addServerCommands(program)
  addRecordCommands(program)

  add(program, 'doctor', 'check this machine, the configuration and a running server', '[url]')
    .option('--url <url>', 'also check the server that runs there')
    .option('--as <clients>', 'only check that server, as these clients: claude-code,codex,inspector,opencode,mcp-remote,mcpc,browser')
    .option('--port <number>', 'the port that guard would use')
    .addOption(configFile())
    .addOption(dataDir())
    .action(async (url: string | undefined, _options, command: Command) =>
      (await import('./commands/doctor.ts')).doctor(command.optsWithGlobals(), url),
    )

  add(program, 'schema', 'print the JSON Schema of sallyport.yaml').action(async () => (await import('./commands/schema.ts')).printSchema())

  addCallingCommands(program, argv)

  return program
}

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
