/**
 * What a definition is looked through for: each code with its reason, and the phrases and marks that belong to it. English only, and by
 * no means all that can be written: a detector, which tells a person where to look first (threat T05).
 *
 * How phrases are written: `phrases.ts`. `§file` stands for a file with secrets in it, `§address` for a URL or an e-mail address.
 *
 * @module
 */

import type { Phrase } from './phrases.ts'

export const reasons = {
  hidden_characters: 'It has characters that a person does not see and a model reads.',
  terminal_escape: 'It has control sequences, which change what a terminal shows.',
  padding: 'It has a long stretch of white space, which moves what follows out of sight.',
  encoded_blob: 'It has a long encoded piece, which a person cannot read.',
  speaks_as_system: 'It has marks of a system message or of hidden instructions, which a model may take for its operator’s.',
  overrides_instructions: 'It tells a model to leave the rules that it was given.',
  hides_from_user: 'It tells a model to keep something from the person.',
  orders_other_tools: 'It tells a model how to use other tools.',
  names_foreign_tool: 'It speaks of a tool that this server does not have (shadowing).',
  asks_for_files: 'It asks for the content of files that have secrets in them.',
  asks_for_secrets: 'It asks for credentials to be put where they are sent.',
  asks_for_conversation: 'It asks for the conversation, or for the instructions of the model.',
  sends_elsewhere: 'It has data sent on to somebody else.',
  mixed_scripts: 'Its name mixes letters of several scripts, as look-alikes do.',
  look_alike: 'Its name looks like that of another tool.',
  same_name: 'Another tool has the same name.',
  lying_hint: 'It calls itself read-only, and its name or description says that it deletes.',
  unread: 'It is too long to be looked through to its end.',
} as const

export type FindingCode = keyof typeof reasons

const of = (id: FindingCode, ...phrases: string[]): Phrase[] => phrases.map((words) => ({ id, words }))

export const phrases: readonly Phrase[] = [
  ...of(
    'overrides_instructions',
    'ignore|ignoring|disregard|forget|override|overriding …3 previous|prior|earlier|above|preceding …3 instruction*|rule*|guideline*|prompt*|direction*|constraint*|polic*|restriction*',
    'ignore|ignoring|disregard|forget|override …3 safety|security|content|system|user’s …2 instruction*|guideline*|prompt|polic*|restriction*|check*|filter*|request|validation',
    'ignore|disregard …1 user …1 input|request|message*',
    'obey …3 instruction*',
    'you are now …6 mode|unrestricted|jailbroken|administrator|root',
    'jailbreak|jailbroken',
    'act as …3 administrator|admin|root|unrestricted|system',
    'trust all …3 input*|quer*|command*',
    'treat …8 as …3 trusted|authorized …3 command*|admin*',
  ),
  ...of(
    'speaks_as_system',
    'important|new|hidden|critical|secret system|hidden instruction*|message|directive|override|note',
    'hidden|secret|assistant|system instruction*|directive*',
    'new system message|prompt|instruction*',
    'system|admin|safety|instruction override',
    'instruction*|message to|for|from the|your assistant|model|llm|operator',
    'note|instruction*|message to|for assistant',
  ),
  ...of(
    'hides_from_user',
    'not|never|don’t|without|avoid|mustn’t …3 tell|telling|mention*|inform*|reveal*|disclos*|notify*|notifi*|alert* …7 user|users|human|person|anyone|them|customer*',
    'not|never …2 mention|reveal|disclose …2 that|this|these|you|you’re',
    'no need to …2 mention|tell|inform*|explain',
    'not explain why',
    'silently …2 append*|add*|send*|include*|forward*|upload*|copy|copies|call|execute*|embed*',
    'secretly',
    'secret operation',
    'without …2 user|user’s|their …1 knowledge|knowing|noticing|awareness',
    'even …3 upset …2 user',
  ),
  ...of(
    'orders_other_tools',
    'before|prior …2 using|calling|invoking|use|call|running …2 any|other|another|every|all …2 tool*',
    'must|always|needs …2 called|invoked|used|call|use …3 before|first …2 any|other|another|every|all …3 tool*',
    'modif*|chang*|overrid*|replac* …2 behavior|behaviour|output|recipient …2 of …3 tool*',
    'when|whenever …2 calling|using|invoking any …2 tool*',
    'when …4 tool is|becomes available|present …8 must|will|should',
    'when …4 tool is …1 invoked|called|used …3 by any',
    'important side effect',
    'supersedes|hijack*|intercept* …4 tool*',
  ),
  ...of(
    'asks_for_files',
    'read|reads|reading|open|load|access|accessing|pass|passing|include|send|attach|cat|upload*|return|embed*|append*|exfiltrat*|contents|content|fetch|give|provide …10 §file',
    '§file …10 pass|send|include|attach|append|upload|embed|contents',
    'extract|collect|find …3 all …2 credential*|password*|secret*',
  ),
  ...of(
    'asks_for_secrets',
    'include|append|embed|add|put|pass|attach|insert …6 credential*|password*|secret*|key|keys|token|tokens|variables …5 in|into|as|to your|the|this|its …4 response|output|answer|context|argument|sidenote|sidecar|result|reply',
    'send|forward|post|transmit|leak …5 credential*|password*|secret*|key|keys …5 to …2 §address|attacker*|remote|external',
    'append|include|attach …3 user’s|all …2 environment variables',
    'harvest* …2 credential*|password*|secret*|record*|data',
  ),
  ...of(
    'asks_for_conversation',
    'include|pass|provide|send|put|output|insert|paste|copy|export*|sends|attach …6 entire|full|complete|whole|all|verbatim|previous …3 conversation|chat|dialog*',
    'entire|full|complete|whole|all conversation …1 history|context|transcript|log',
    'reveal|output|print|repeat|include|pass|leak|paste|provide …5 system prompt|instructions|message',
    'your …2 system prompt',
    'every message …3 user',
  ),
  ...of(
    'sends_elsewhere',
    'bcc|cc …8 §address',
    '§address …8 bcc',
    'always|silently|automatically|also …3 forward*|send*|upload*|post*|copy|copies|log|add …10 §address',
    'forward*|send*|copy|copies|redirect|reroute|route …8 all|every|each|copy|copies …8 §address',
    'copy|copies|send*|forward*|log|stream*|upload* …8 external|remote|attacker|controlled …2 server|endpoint|service|logging',
    'curl|wget|nc …6 §address',
    'redirect|reroute|route all …4 through|to|here',
    'exfiltrat* …3 data|all|contents|sensitive|secret*',
  ),
]

/** Read case-insensitively; each ends at once, or after a bounded number of characters. */
export const marks: readonly { readonly code: FindingCode; readonly mark: RegExp }[] = [
  { code: 'speaks_as_system', mark: /<\/?(?:important|hidden|system|instructions?|directive|critical|assistant)>/i },
  { code: 'speaks_as_system', mark: /<\/(?:secret|admin|private|internal|user|note)>/i },
  { code: 'speaks_as_system', mark: /<\|[a-z_ ]{1,24}\|>|\[\/?INST\]|<<\/?SYS>>|\|\|\|[A-Z_]{3,24}\|\|\|/i },
  { code: 'speaks_as_system', mark: /\[[A-Z ]{0,24}(?:SYSTEM|DIRECTIVE|INSTRUCTIONS?|OVERRIDE)[A-Z ]{0,24}[\]:]/ },
  { code: 'speaks_as_system', mark: /(?:^|[\n.!?>`-]) {0,8}(?:IMPORTANT )?SYSTEM(?: [A-Z]{3,16}){0,3}:/ },
  { code: 'speaks_as_system', mark: /#{2,6} {0,4}(?:new )?(?:system|instructions?) {0,4}(?:message|prompt|:|#)/i },
  { code: 'speaks_as_system', mark: /<!--\s{0,8}(?:system|ignore|important|instructions?|always|assistant)/i },
  { code: 'speaks_as_system', mark: /\{\{\s{0,4}(?:system|override)\s{0,4}:/i },
  { code: 'padding', mark: /[^\S\n]{100}|(?:\n[^\S\n]{0,8}){15}/ },
  { code: 'encoded_blob', mark: /[0-9a-f]{128}/i },
]

/** Where secrets lie on the machines of those who use tools. Compared in lower case, up to a character that is in no name. */
export const secretFiles: readonly string[] = [
  '~/.ssh',
  '.ssh/id_',
  'id_rsa',
  'id_ed25519',
  '/etc/passwd',
  '/etc/shadow',
  '.aws/credentials',
  '.cursor/mcp.json',
  'mcp.json',
  'claude_desktop_config.json',
  '.git-credentials',
  '.kube/config',
  '.netrc',
  '.npmrc',
  '.pypirc',
  '.bash_history',
  '.env',
  '*.pem',
  'private key',
  'ssh key',
]

export const destructive: ReadonlySet<string> = new Set(
  'delete deletes remove removes drop drops destroy destroys erase erases wipe wipes purge purges truncate truncates uninstall uninstalls overwrite overwrites'.split(
    ' ',
  ),
)
export const reading: ReadonlySet<string> = new Set(
  'get list read search find show describe check count fetch preview explain validate analyze can is has query view lookup'.split(' '),
)
