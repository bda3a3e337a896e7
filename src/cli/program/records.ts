/** The commands about what is kept: the record of every decision, and what there is of somebody. @module */

import type { Command } from 'commander'
import { add, dataDir } from './add-command.ts'

export function addRecordCommands(program: Command): void {
  const audit = add(program, 'audit', 'the record of every decision')
  add(audit, 'search', 'find decisions, newest first')
    .option('--since <when>', 'from a span ago (24h, 7d) or a date on')
    .option('--decision <which>', 'allow, deny or error; several with commas')
    .option('--subject <who>', 'of this account or key')
    .option('--action <name>', 'of this kind: tools/call, secret.found, personal.reveal, key.create, …')
    .option('--tool <name>', 'about this tool, prompt or resource')
    .option('--limit <number>', 'at most so many', '100')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/audit.ts')).searchAudit(command.optsWithGlobals()))
  add(audit, 'verify', 'prove that no record was changed or removed')
    .addOption(dataDir())
    .action(async (_options, command: Command) => (await import('../commands/audit.ts')).verifyAudit(command.optsWithGlobals()))

  const data = add(program, 'data', 'what is kept of somebody: an account, ISSUER#SUBJECT or a key')
  add(data, 'report', 'how much, since when and until when; no contents', '<subject>')
    .addOption(dataDir())
    .action(async (subject: string, _options, command: Command) =>
      (await import('../commands/data.ts')).reportData(subject, command.optsWithGlobals()),
    )
  add(data, 'export', 'all of it that is readable, a line of JSON each; no secrets', '<subject>')
    .option('--out <file>', 'into a file that only you can read, in place of stdout')
    .addOption(dataDir())
    .action(async (subject: string, _options, command: Command) =>
      (await import('../commands/data.ts')).exportData(subject, command.optsWithGlobals()),
    )
  add(data, 'forget', 'destroy it for good, in backups too; asks before', '[subject]')
    .option('--class <name>', 'only this class of data; without a subject, of everybody')
    .option('--yes', 'do not ask')
    .option('--owner', 'even if it is the one who set this server up')
    .addOption(dataDir())
    .action(async (subject: string | undefined, _options, command: Command) =>
      (await import('../commands/data.ts')).forgetData(subject, command.optsWithGlobals()),
    )

  add(program, 'why', 'explain one decision', '<id>')
    .option('--arguments', 'show the arguments too, where they were kept; that is on record')
    .addOption(dataDir())
    .action(async (id: string, _options, command: Command) => (await import('../commands/why.ts')).why(id, command.optsWithGlobals()))
}
