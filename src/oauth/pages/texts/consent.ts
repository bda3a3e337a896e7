/** What the pages say at which a program or a device is allowed something. @module */

import { type Html, html } from '../html.ts'

/** Consent (../consent.ts). */
export const consent = {
  title: 'Allow access?',
  signedInAs: (account: Html): Html => html`You are signed in as ${account}.`,
  switchAccount: 'Use another account',
  ask: (client: Html, badge: Html, server: Html): Html => html`Allow ${client} ${badge} to use ${server}?`,
  /** What is known of who asks. `notVerified` is in `frame`. */
  verifiedBy: (host: string): string => `belongs to ${host}`,
  addedByOperator: 'added by who runs this server',
  approved: 'approved by who runs this server',
  onlyAName: 'Any program can call itself that. Allow it only if you started this yourself, just now.',
  ofTheHost: (host: Html): Html => html`The owner of ${host} says that this program is theirs. Allow it only if you started this yourself.`,
  knownHere: 'Whoever runs this server knows this program. Allow it only if you started this yourself.',
  anyoneHere: (host: Html): Html =>
    html`It is described by ${host}. Another program on this computer could pass for it: allow it only if you started this yourself, just now.`,
  nameMixes: 'Its name mixes letters of several alphabets. It may be made to look like another name.',
  nameUnusual: 'Its name has unusual letters. It may be made to look like another name.',
  nameHides: 'Its name had characters that nobody sees. They are left out here.',
  backToThisComputer: (host: Html): Html =>
    html`It will send you back to ${host}. The access goes to the program that waits there, and that can be any program on this computer.`,
  thisComputer: (host: string): string => `this computer (${host})`,
  backTo: (host: Html): Html => html`It will send you back to ${host}, which gets the access.`,
  backUnprotected: (host: Html): Html =>
    html`It will send you to ${host} over a connection that others can read. Whoever listens gets the access, too.`,
  toTheDevice: (device: Html): Html => html`The access goes to ${device}.`,
  theDevice: 'the device that showed you the code',
  couldDo: 'What it could do in your name',
  untick: 'Untick what it should not do.',
  groups: { read: 'It can read', change: 'It can change things', run: 'It can delete things or run code' },
  offered: { tool: 'tools', prompt: 'prompts', resource: 'resources' },
  offeredOne: { tool: 'tool', prompt: 'prompt', resource: 'resource' },
  showNames: (counts: string): string => `Show the ${counts}`,
  andMore: (count: number): string => `and ${count} more`,
  nothingYet: 'There is nothing yet that it could use with this.',
  laterToo: 'What is added to the server later under the same permission is included.',
  howLong: 'For how long',
  lasts: {
    hour: 'One hour',
    month: '30 days',
    open: 'Until you take it back, a year at most',
  },
  staysSignedIn:
    'Until then it stays signed in by itself, also while you are away. If nobody uses it for 30 days, it has to ask you again.',
  lastsMinutes: (minutes: number): string => `The access lasts ${minutes} minutes. Then it has to ask you again.`,
  logged:
    'Each use is put on record by this server: your name, the program, what it used, when, and whether it was allowed. What was said or found is not.',
  deny: 'Deny',
  allow: 'Allow',
  takeBack: (page: Html): Html => html`You can take it back at any time on ${page}.`,
  yourAccount: 'your account page',
  firstSeen: (when: string): string => `First seen ${when} UTC.`,
  fromThere: (others: number): string =>
    others === 0
      ? 'No other program was registered from the same address.'
      : `${others === 1 ? 'One other program was' : `${others} other programs were`} registered from the same address.`,
  nothingTicked: 'Nothing is ticked. Tick what it may do, or choose Deny.',
  tooSoon: 'That was faster than anybody can read this. Nothing was allowed yet: look at it again, then choose.',
}

/** What permissions are called (../consent.ts, ../device.ts). */
export const scopes = {
  standard: {
    'tools:read': 'Use the tools that only read',
    'tools:execute': 'Use the tools that may change or delete things, or run code',
    'prompts:read': 'See and use the prepared prompts',
    'resources:read': 'Open the resources: files and other data that the server offers',
  } as Readonly<Record<string, string>>,
  other: (scope: string): string => `Use what needs the permission “${scope}”`,
  includes: (own: string, implied: readonly string[]): string => `${own}. This includes: ${implied.join('; ')}`,
}

/** Devices (../device.ts). */
export const device = {
  enterTitle: 'Connect a device',
  enter: (server: Html): Html => html`Connect a device to ${server}`,
  typeIt: 'Type in the code that your device or program shows.',
  onlyYours:
    'Only do this if you started it yourself, just now, on a device of yours. Nobody who helps you ever needs you to type a code in here.',
  code: 'Code',
  go: 'Continue',
  wrongCode:
    'No device waits with that code. Codes are good once and for ten minutes: compare it with the device, or have it show another.',
  confirmTitle: 'Is this your device?',
  confirm: (code: Html): Html => html`Does your device show ${code}?`,
  asks: (client: Html, server: Html, address: Html): Html =>
    html`${client} asked for access to ${server} from the address ${address}. It would be allowed to:`,
  sentToYou: 'If somebody sent you this code or a link to this page, stop: you would sign in that person’s device, not yours.',
  stop: 'Stop',
  mine: 'It is my device',
  doneTitle: 'The device is connected',
  goesOn: (client: Html): Html => html`${client} goes on by itself in a few seconds. You can close this page.`,
}
