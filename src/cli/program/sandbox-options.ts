/** The options that say what a command may reach: the same words as in `sallyport.yaml`. What they mean is read in `cli/sandbox-flags.ts`. @module */

import type { Command } from 'commander'
import { collect } from './add-command.ts'

export const addSandboxOptions = (command: Command): Command =>
  command
    .option('--sandbox', 'do not start without a sandbox (default: in one where this machine can make it)')
    .option('--allow-read <path>', 'what the command may read; may be repeated, as those below', collect)
    .option('--allow-write <path>', 'what it may read and write', collect)
    .option('--allow-net <host:port>', 'where it may connect to, as api.example.com:443 or *.example.com:443', collect)
    .option('--allow-env <name>', 'a variable of yours that it is handed', collect)
    .option('--allow-run <name>', 'a program that it may start', collect)
    .option('--dangerously-no-sandbox', 'start commands without a sandbox: they can do whatever you can')
