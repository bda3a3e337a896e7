/** One command of the program: every one has `--json`, and its mistakes are thrown to `main.ts`, which prints them in our own form. @module */

import { type Command, Option } from 'commander'

export function add(parent: Command, name: string, description: string, args = ''): Command {
  const command = parent.command(`${name} ${args}`.trim()).description(description).option('--json', 'print one JSON object on stdout')
  return withoutExit(command)
}

export function withoutExit(command: Command): Command {
  return (
    command
      .exitOverride()
      .configureOutput({ outputError: () => {} })
      .helpCommand(false)
      // The longest options leave less than commander's forty columns of eighty, and a terminal would break lines anywhere.
      .configureHelp({ minWidthToWrap: 30 })
      .allowExcessArguments(false)
  )
}

/** For an option that may be repeated, with one value each: so what follows is never taken for another. */
export const collect = (value: string, before: readonly string[] = []): readonly string[] => [...before, value]

export const dataDir = (): Option =>
  new Option('--data-dir <folder>', 'where keys, accounts and the audit are kept (or SALLYPORT_DATA_DIR)')

export const configFile = (): Option => new Option('--config <file>', 'the configuration (default: sallyport.yaml, looked for upwards)')
