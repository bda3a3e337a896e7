/**
 * The commands that call a server, and what this machine keeps for that. No option takes a secret: it would stand where everybody on this machine reads it.
 *
 * @module
 */

import { type Command, Option } from 'commander'
import { add, collect, dataDir } from './add-command.ts'

/** What these are listed under. */
export const CALLING = 'Calling any server:'

export function addCallingCommands(program: Command, argv: readonly string[]): void {
  const logins = add(program, 'logins', 'which servers this machine is signed in to')
    .helpGroup(CALLING)
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/logins.ts')).showLogins(command.optsWithGlobals()))
  add(logins, 'rotate-key', 'seal what is kept of them with a new key; may be interrupted, and run again')
    .option('--keychain', 'of those whose key is in the keychain')
    .option('--reseal', 'make no new key: seal with the newest one that there is')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/logins.ts')).rotateKey(command.optsWithGlobals()))
  add(logins, 'prune', 'remove what nobody uses any more, and say what that was')
    .option('--unused <span>', 'also sign-ins and registrations that were not used for so long: 30d')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/logins-prune.ts')).pruneLogins(command.optsWithGlobals()))

  signIn(remote(calling(program, 'login', 'sign in to a server, in your browser', '[url]')))
    .usage('[options] URL')
    .option('--scope <scope>', 'what to ask for; again for more (default: what the server asks for)', collect)
    .option('--device', 'show a code to type on another device, instead of opening a browser here')
    .addHelpText('after', examples.login)
    .action(async (url: string | undefined, _options, command: Command) =>
      (await import('../commands/login.ts')).login(url === undefined ? [] : [url], argv, command.optsWithGlobals()),
    )
  signIn(remote(calling(program, 'logout', 'end a sign-in: revoke its tokens, and forget them', '[url]')))
    .usage('[options] URL')
    .action(async (url: string | undefined, _options, command: Command) =>
      (await import('../commands/logout.ts')).logout(url === undefined ? [] : [url], argv, command.optsWithGlobals()),
    )
  any(program, 'tools', 'what a server offers; with a name, all of that tool', '[NAME]')
    .option('--accept', 'accept definitions that have changed, after they are shown')
    .addHelpText('after', examples.tools)
    .action(async (words: string[], _options, command: Command) =>
      (await import('../commands/tools.ts')).tools(words, argv, command.optsWithGlobals()),
    )
  any(program, 'call', 'call a tool', 'TOOL [NAME=VALUE…]')
    .option('--args <json>', 'the arguments as one JSON object')
    .option('--args-file <file>', 'the same from a file, or from stdin with -')
    .option('--yes', 'do not ask before a tool that does not say that it only reads')
    .option('--out <folder>', 'save images, sound and files in there')
    .option('--identity <thumbprint>', 'believe no other about the keys of encrypted values; again for more', collect)
    .option('--principal <name>', 'as whom the server must see you, where a value is encrypted')
    .addHelpText('after', examples.call)
    .action(async (words: string[], _options, command: Command) =>
      (await import('../commands/call.ts')).call(words, argv, command.optsWithGlobals()),
    )
  any(program, 'read', 'read a resource; without a URI, list what there is', '[URI]')
    .option('--out <file>', 'save it there')
    .addHelpText('after', examples.read)
    .action(async (words: string[], _options, command: Command) =>
      (await import('../commands/read.ts')).read(words, argv, command.optsWithGlobals()),
    )
  any(program, 'prompt', 'get the messages of a prompt; without a name, list what there is', '[NAME] [NAME=VALUE…]')
    .option('--args <json>', 'the arguments as one JSON object')
    .addHelpText('after', examples.prompt)
    .action(async (words: string[], _options, command: Command) =>
      (await import('../commands/prompt.ts')).prompt(words, argv, command.optsWithGlobals()),
    )
}

const calling = (program: Command, name: string, description: string, args: string): Command =>
  add(program, name, description, args).helpGroup(CALLING)

/** What also takes a command after `--`. */
const any = (program: Command, name: string, description: string, words: string): Command =>
  signIn(remote(calling(program, name, description, '[words...]')))
    .usage(`[options] URL ${words}\n       sallyport ${name} [options] ${words} -- COMMAND [ARGUMENT…]`)
    .optionsGroup('Signing in:')
    .option('--api-key-file <file>', 'send the key in this file, or on stdin with - (or SALLYPORT_API_KEY)')
    .option('--api-key-header <name>', 'send it in this header (default: Authorization, as Bearer)')
    .optionsGroup('Reaching the server:')
    .option('--env <name>', 'hand this variable to the command that is started; again for more', collect)
    .optionsGroup('Options:')

const remote = (command: Command): Command =>
  command
    .optionsGroup('Reaching the server:')
    .option('--header-env <name=variable>', 'send this header, with the value of this variable; again for more', collect)
    .option('--header-file <file>', 'send the headers in this file, NAME: value each')
    .option('--ca <file>', 'trust this certificate authority too (PEM)')
    .option('--timeout <span>', 'how long one request may take', '5m')
    .option('--dangerously-allow-private-host <name>', 'this host may have an address of this machine or network; again for more', collect)

const signIn = (command: Command): Command =>
  command
    .optionsGroup('Signing in:')
    .option('--account <name>', 'which of your sign-ins there, if you have several')
    .option('--keychain', "keep sign-ins in the platform's keychain instead of the data directory")
    .option('--client-id <id>', 'the client that was registered there beforehand')
    .option('--client-secret-file <file>', 'its secret, in a file or on stdin with - (or SALLYPORT_CLIENT_SECRET); needs --issuer')
    .option('--issuer <url>', 'the only authorization server to use')
    .addOption(new Option('--data-dir <folder>', 'where sign-ins are kept (or SALLYPORT_DATA_DIR)'))
    // What follows is the command's own, which is listed first.
    .optionsGroup('Options:')

const examples = {
  login: `
Examples:
  sallyport login https://mcp.example.com/mcp
  sallyport login https://mcp.example.com/mcp --device --scope tools:read`,
  tools: `
Examples:
  sallyport tools https://mcp.example.com/mcp
  sallyport tools https://mcp.example.com/mcp search
  sallyport tools -- npx -y @modelcontextprotocol/server-everything`,
  call: `
Arguments are NAME=VALUE, read as the tool's schema says; NAME:=JSON for anything else,
NAME=@FILE for the content of a file, where the tool takes a reference.
Tools that do not say that they only read are asked about first; without a terminal they need --yes.

Examples:
  sallyport call https://mcp.example.com/mcp search query="open issues" limit=5
  sallyport call https://mcp.example.com/mcp search --args-file - < arguments.json
  sallyport call echo message=hello --yes -- npx -y @modelcontextprotocol/server-everything`,
  read: `
Examples:
  sallyport read https://mcp.example.com/mcp file:///notes.md > notes.md
  sallyport read https://mcp.example.com/mcp`,
  prompt: `
Examples:
  sallyport prompt https://mcp.example.com/mcp review language=TypeScript`,
}
