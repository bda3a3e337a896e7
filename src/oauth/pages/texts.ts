/**
 * Every sentence that a page of ours says, a section a page: in English, in this one file, ready for another language beside it
 * (`Texts` is what such a file has to say). Pages hold markup only. Sentences with something of their own inside are functions;
 * what they are given is marked up by the page.
 *
 * Plain words: nobody who reads these has heard of OAuth. Say who asks, what they will be able to do, and what to do now.
 *
 * @module
 */

import { type Html, html } from './html.ts'

export const texts = {
  /** Around every page. */
  frame: {
    product: 'Sallyport',
    close: 'You can close this page.',
    clientId: 'Client id',
    notVerified: 'not verified',
  },

  // ── Signing in (sign-in.ts) ───────────────────────────────────────────────────────────────────────────────────────────
  signIn: {
    title: 'Sign in',
    asks: (client: Html, server: Html): Html =>
      html`${client} asks for access to ${server}. Sign in first; you will then see what it asks for.`,
    own: (server: Html): Html => html`To your account at ${server}: what has access in your name, your keys, and how you sign in.`,
    againTitle: 'Show that it is you',
    again: (server: Html): Html => html`What you are about to change at ${server} matters, so that it wants a sign-in of just now.`,
    noAccountYet: 'There is no account yet. The terminal where Sallyport runs shows a one-time link to make one.',
    name: 'Name',
    password: 'Password',
    go: 'Sign in',
    or: 'or',
    passkey: 'Sign in with a passkey',
    passkeyFailed: 'That did not work, or was cancelled. Try again, or sign in another way.',
    provider: (title: string): string => `Continue with ${title}`,
    forgotten: 'Forgotten your password, or lost what you sign in with? Whoever runs this server can make you a new link.',
    wrong: 'That name and password do not belong together. Try again.',
    wrongPasskey: 'That passkey opens no account here. Try again, or sign in another way.',
    tooLate: 'That took too long. Sign in once more.',
    busy: 'Too many people are signing in at this moment. Try again in a few seconds.',
    wait: (seconds: number): string =>
      `Too many wrong passwords. Wait ${seconds === 1 ? 'a second' : `${seconds} seconds`}, then try again.`,
    noPasswords: 'Nobody has a password here: choose where you sign in.',
  },

  // ── Signing out (sign-out.ts) ─────────────────────────────────────────────────────────────────────────────────────────
  signOut: {
    title: 'Sign out',
    heading: 'Sign out?',
    who: (account: Html): Html => html`You are signed in as ${account} in this browser.`,
    stays: 'What you have allowed programs stays as it is. You can take it back in your account.',
    go: 'Sign out',
    back: 'Stay signed in',
    doneTitle: 'You are signed out',
    done: 'Nobody is signed in here in this browser any more.',
    again: 'Sign in',
  },

  // ── The second step (second-factor.ts) ────────────────────────────────────────────────────────────────────────────────
  secondFactor: {
    title: 'One more step',
    what: 'Your password was right. Now the six digits that your authenticator app shows for this server.',
    code: 'Code',
    go: 'Sign in',
    wrong: 'That code is not right, or was used before. Wait for the next one and try again.',
    wait: (seconds: number): string => `Too many wrong codes. Wait ${seconds === 1 ? 'a second' : `${seconds} seconds`}, then try again.`,
    lost: 'I do not have the app with me',
    recovery: 'Use one of the recovery codes that you wrote down. Each is good once.',
    recoveryOnly: 'Your password was right. Now one of the recovery codes that you wrote down. Each is good once.',
    recoveryCode: 'Recovery code',
    useIt: 'Use it',
    wrongRecovery: 'That recovery code is not right, or was used before.',
    back: 'Sign in as somebody else',
  },

  // ── Signing in at somebody else's (provider pages) ────────────────────────────────────────────────────────────────────
  provider: {
    /** `provider`: as the operator calls it. */
    title: (provider: string): string => `Sign in with ${provider}`,
    elsewhere: 'the other place',
    asks: (client: Html, server: Html): Html =>
      html`A program that calls itself ${client} asks for access to ${server}, and wants you to sign in for that. If you did not start this yourself, go back.`,
    leads: (host: Html): Html => html`You sign in at ${host}, and come back here.`,
    onlyWho: 'That place only tells us who you are. What the program may do is asked afterwards, here; it gets no password of yours.',
    go: 'Continue',
    back: 'Back',
    failures: {
      unavailable: {
        heading: 'This way is closed at the moment',
        text: (provider: string): string =>
          `${provider} does not answer as it should. Try again in a minute, or sign in another way. If it stays like this, tell whoever runs this server.`,
      },
      refused: {
        heading: 'You were not signed in',
        text: (provider: string): string => `${provider} did not sign you in, or you stopped there. Nothing was allowed.`,
      },
      mixed_up: {
        heading: 'That answer was not for us',
        text: (provider: string): string =>
          `What came back was not from ${provider}. Nothing was allowed. Begin again from the program that you use.`,
      },
      invalid: {
        heading: 'That answer does not hold',
        text: (provider: string): string => `What came back from ${provider} cannot be trusted. Nothing was allowed. Try again.`,
      },
      not_fresh: {
        heading: 'Please sign in anew',
        text: (provider: string): string =>
          `This asks for a new sign-in, and ${provider} only remembered an old one. Sign out there first, then try again.`,
      },
      not_let_in: {
        heading: 'You are not let in here',
        text: (provider: string): string =>
          `${provider} knows you, but this server does not let that account in. Ask whoever runs it, or sign in another way.`,
      },
      gone: {
        heading: 'This way is not there any more',
        text: (provider: string): string => `Nobody can sign in at ${provider} any more. Choose another way.`,
      },
    },
  },

  // ── Invitation, forgotten password (welcome pages) ────────────────────────────────────────────────────────────────────
  welcome: {
    title: 'Welcome',
    heading: (name: string): string => `Welcome, ${name}`,
    invited: (server: Html, name: Html): Html =>
      html`You are invited to ${server}. Your name there is ${name}. Choose a password, and your account is made.`,
    resetTitle: 'A new password',
    reset: (server: Html, name: Html): Html =>
      html`Choose a new password for ${name} at ${server}. You are then signed out everywhere, and sign in with the new one.`,
    password: (least: number): string => `Password, at least ${least} characters`,
    again: 'The same password again',
    make: 'Make my account',
    change: 'Change the password',
    notTheSame: 'The two passwords are not the same.',
    doneTitle: 'Done',
    done: (name: string): string => `Done, ${name}`,
    made: 'Your account is made. Sign in, and add a passkey if you like: it is quicker than a password, and nobody can guess it.',
    changed: 'Your password is changed, and you are signed out everywhere. Sign in with the new one.',
    signIn: 'Sign in',
    goneTitle: 'This link no longer works',
    gone: 'It was used before, is too old, or was replaced by a newer one. Ask whoever sent it for another.',
  },

  // ── Consent (consent.ts) ──────────────────────────────────────────────────────────────────────────────────────────────
  consent: {
    title: 'Allow access?',
    signedInAs: (account: Html): Html => html`You are signed in as ${account}.`,
    switchAccount: 'Use another account',
    ask: (client: Html, badge: Html, server: Html): Html => html`Allow ${client} ${badge} to use ${server}?`,
    /** What is known of who asks. `notVerified` is in `frame`. */
    verifiedBy: (host: string): string => `belongs to ${host}`,
    addedByOperator: 'added by who runs this server',
    approved: 'approved by who runs this server',
    onlyAName: 'Any program can call itself that. Allow it only if you started this yourself, just now.',
    ofTheHost: (host: Html): Html =>
      html`The owner of ${host} says that this program is theirs. Allow it only if you started this yourself.`,
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
  },

  // ── What permissions are called (consent.ts, device.ts) ───────────────────────────────────────────────────────────────
  scopes: {
    standard: {
      'tools:read': 'Use the tools that only read',
      'tools:execute': 'Use the tools that may change or delete things, or run code',
      'prompts:read': 'See and use the prepared prompts',
      'resources:read': 'Open the resources: files and other data that the server offers',
    } as Readonly<Record<string, string>>,
    other: (scope: string): string => `Use what needs the permission “${scope}”`,
    includes: (own: string, implied: readonly string[]): string => `${own}. This includes: ${implied.join('; ')}`,
  },

  // ── Devices (device.ts) ───────────────────────────────────────────────────────────────────────────────────────────────
  device: {
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
  },

  // ── The owner's account (setup.ts) ────────────────────────────────────────────────────────────────────────────────────
  setup: {
    title: 'Set up',
    heading: 'Make the owner’s account',
    what: (server: Html): Html =>
      html`This server guards ${server}. With this account you sign in whenever a program asks for access to it.`,
    name: 'Name',
    password: (least: number): string => `Password, at least ${least} characters`,
    again: 'The same password again',
    go: 'Make the account',
    notTheSame: 'The two passwords are not the same.',
    taken: 'There is an account of that name.',
    doneTitle: 'Done',
    done: (name: string): string => `Done, ${name}`,
    connect: (server: Html): Html =>
      html`Connect your client to ${server}. It will open a page here, where you sign in and see what it asks for.`,
    own: 'In your account you add a passkey, make keys, and see which programs have access.',
    goneTitle: 'This link no longer works',
    gone: 'It was used before, is older than ten minutes, or was replaced by a newer one. Where Sallyport has no owner yet, it shows a new link in its terminal when it starts.',
  },

  // ── When it cannot go on (problem.ts): what happened, and what to do in the program that one is using ─────────────────
  problem: {
    /** By the name of the error; problem.ts says the status of each. */
    kinds: {
      expired: {
        title: 'This sign-in has ended',
        text: 'It was finished or cancelled before, took longer than ten minutes, or was begun in another browser. Go back to the program and connect again.',
      },
      forged: {
        title: 'This form was not ours',
        text: 'The page that you came from is not the one that we showed you. Go back to the program and connect again.',
      },
      server_error: {
        title: 'Something broke here',
        text: 'It is not your doing, and nothing was allowed. The record of it is in Sallyport’s log. Try again.',
      },
      too_many: {
        title: 'Too many sign-ins were begun',
        text: 'None of them was finished, so no more are begun for a few minutes. If you did not begin them yourself, close the page that did.',
      },
      device_denied: {
        title: 'Nothing was allowed',
        text: 'The device is told so. If you want it after all, have it show a new code.',
      },
      too_many_codes: {
        title: 'Too many codes were tried',
        text: 'No more are taken from here for a few minutes. Then have the device show a new code.',
      },
      not_a_page: { title: 'Nobody would see this', text: 'A sign-in opens in a window of its own, not inside another page.' },
      unsupported_response_mode: {
        title: 'This request cannot be answered',
        text: 'The program wants its answer in a way in which we give none. Nothing was allowed.',
      },
      too_long: { title: 'That was too long', text: 'The program asked in more words than any that we know.' },
      too_large: { title: 'That was too much', text: 'The form was larger than any of ours.' },
    },
    otherTitle: 'This request cannot be answered',
    other: (description: string | undefined): string =>
      `The program that opened this page asked for something that does not work here${description === undefined ? '' : `: ${description}`}.`,
    wrongTarget: 'it names another server than this one, or none',
    redirectTitle: 'We will not send you there',
    redirect:
      'The program asked to have you sent to an address that it did not register. That happens when it was changed since, or when somebody else uses its name. Nothing was allowed.',
    redirectFix: 'If you started this yourself, remove the server in the program and add it again.',
  },

  // ── Before an address that nobody here has trusted yet (held-back.ts) ─────────────────────────────────────────────────
  heldBack: {
    title: 'This request cannot be answered',
    /** `client`: undefined where it has no name. */
    what: (client: Html | undefined, problem: string | undefined): Html =>
      html`${client === undefined ? 'A program' : html`A program that calls itself ${client}`} asked for something that does not work here${
        problem === undefined ? '' : `: ${problem}`
      }. Nothing was allowed.`,
    where: (host: Html): Html =>
      html`It wants you to be sent to ${host}. Nobody has let this program in here before, so we leave that to you. If you did not start this yourself, close this page.`,
    go: (host: string): string => `Go to ${host}`,
  },

  // ── A program that this server does not know (unknown-client.ts) ──────────────────────────────────────────────────────
  unknownClient: {
    title: 'This program is not known here',
    forgottenTitle: 'This program is not known here any more',
    forgotten:
      'It remembers an earlier registration that this server has forgotten, or never had: unused registrations end after an hour. Make it forget, and connect again.',
    /** `host`: undefined where its id names none. */
    undescribed: (host: Html | undefined, problem: string): Html =>
      html`It says that ${host ?? 'a web site'} describes it, and its description cannot be used: ${problem}.`,
    tryAgain:
      'Try again in a minute. If it stays like this, connect it anew: programs register themselves where descriptions are not taken.',
    probably: (count: number): string => `By the way that it asked it is probably ${count === 1 ? 'this one' : 'one of these'}:`,
    another: 'It is another program',
    anyOther: 'Any other: remove the server there, and add it again.',
    /** What makes each forget, in its own words. */
    steps: {
      'Claude Code': html`<code>/mcp</code>, choose the server, then “Clear authentication”, then “Authenticate”` as Html,
      Codex: html`<code>codex mcp logout NAME</code>, then <code>codex mcp login NAME</code>` as Html,
      opencode: html`<code>opencode mcp logout NAME</code>, then <code>opencode mcp auth NAME</code>` as Html,
      'MCP Inspector': html`“Clear OAuth state” beside the connection, or <code>--relogin</code> on the command line` as Html,
      'mcp-remote': html`end it, delete the folder <code>~/.mcp-auth</code>, and start it again` as Html,
      'VS Code':
        html`Command Palette, “Authentication: Remove Dynamic Authentication Providers”, choose this server, then start it in “MCP: List Servers”` as Html,
      Cursor: html`Settings, “MCP”: log out of the server, then connect it again` as Html,
      'Claude (web and desktop)': html`Settings, “Connectors”: disconnect the connector, then connect it again` as Html,
      ChatGPT: html`Settings, “Apps & Connectors”: remove the connector, and add it again` as Html,
      'Gemini CLI':
        html`<code>/mcp auth NAME</code>; if that leads here again, delete <code>~/.gemini/mcp-oauth-tokens.json</code> first` as Html,
      mcpc: html`<code>mcpc logout URL</code>, then <code>mcpc login URL</code>` as Html,
      mcporter: html`<code>mcporter auth NAME --reset</code>` as Html,
    },
  },

  // ── One's own account (account*.ts) ───────────────────────────────────────────────────────────────────────────────────
  account: {
    title: 'Your account',
    signedInAs: (name: Html): Html => html`Signed in as ${name}`,
    nav: {
      label: 'Your account',
      access: 'Access',
      keys: 'Keys',
      security: 'Signing in',
      sessions: 'Sessions',
      connections: 'Connections',
      activity: 'Activity',
      signOut: 'Sign out',
    },
    /** `text`: a date or `5 minutes ago`. */
    justNow: 'just now',
    minutesAgo: (count: number): string => (count === 1 ? 'a minute ago' : `${count} minutes ago`),
    hoursAgo: (count: number): string => (count === 1 ? 'an hour ago' : `${count} hours ago`),
    months: 'January February March April May June July August September October November December',
    from: (address: string): string => (address === 'loopback' ? 'from this computer' : `from ${address}`),
    cancel: 'Cancel',
    back: 'Back',
    yourAccount: 'Go to your account',

    problems: {
      unknown: 'There is no such page',
      unknownText: 'The address leads nowhere, or to something of your account that is gone.',
      ended: 'You are no longer signed in',
      endedText: 'Nothing was changed. Sign in again, and then do it once more.',
      forged: 'This form was not ours',
      forgedText: 'It was not sent by the page that we showed you, or that page was from an earlier sign-in. Nothing was changed.',
      notRecent: 'Sign in again to change this',
      notRecentText: 'Whoever changes how you sign in must have signed in within the last ten minutes. Nothing was changed.',
      lastWay: 'You could not sign in any more',
      lastWayText: 'This passkey is the only way into your account. Add another one first.',
      signIn: 'Sign in',
      tooManyTitle: 'Too many changes',
      tooMany: 'Too many changes were made from this account. Wait an hour, then try again.',
      twiceTitle: 'This was done before',
      twice: 'This form was sent before. What it made is shown once only; what it changed is changed.',
    },
    /** What is said on the page that follows a change. */
    done: {
      'access-ended': 'The access has ended. What the program was given works no longer.',
      'all-access-ended': 'All access has ended. Every program has to ask you again.',
      'key-revoked': 'The key has ended. Whatever uses it is refused from now on.',
      'password-changed': 'The password is changed. Everybody who was signed in to your account elsewhere is signed out.',
      'passkey-added': 'The passkey is added. You can sign in with it from now on.',
      'passkey-renamed': 'The passkey has its new name.',
      'passkey-removed': 'The passkey is removed. It signs nobody in any more.',
      'codes-on': 'One-time codes are on. After your password you are asked for one.',
      'codes-off': 'One-time codes are off. Your password alone signs you in.',
      'session-ended': 'That browser is signed out.',
      'sessions-ended': 'All other browsers are signed out.',
      disconnected: 'The connection has ended. What was kept for it is deleted.',
      connected: 'You are connected. Programs that you let in can use it through this server, and never see it.',
      'secret-kept': 'It is kept, sealed. Nobody is shown it again, you included.',
    } as Readonly<Record<string, string>>,

    access: {
      title: 'Access',
      what: (server: Html): Html => html`These programs can use ${server} in your name, because you allowed it.`,
      none: 'No program can do anything in your name. One that wants to sends you to a page here, where you see what it asks for.',
      since: (when: Html): Html => html`Since ${when}`,
      lastUsed: (when: Html | undefined): Html => (when === undefined ? html`not used yet` : html`last used ${when}`),
      until: (when: Html): Html => html`until ${when}`,
      returnsTo: (host: Html): Html => html`It sent you back to ${host}.`,
      returnsHere: 'this computer',
      describedBy: (host: Html): Html => html`described by ${host}`,
      nameless: 'A program without a name',
      gone: 'A program that is no longer registered',
      derived: 'passed on by another program that you let in',
      separately: (count: number): string => `You allowed it ${count} times: each by itself`,
      older: (count: number): string =>
        count === 1 ? 'One older one is taken back with all of them.' : `${count} older ones are taken back with all of them.`,
      activity: 'What it did',
      end: 'Take back',
      endAll: 'Take back all access',
      endAllSure: 'Every program named here stops working at once, and has to ask you again.',
      endAllGo: 'Yes, take it all back',
    },
    keys: {
      title: 'Keys',
      what: 'A key lets a program of yours in without a sign-in. Whoever has it can do what it allows, in your name: treat it like a password.',
      none: 'You have no keys.',
      make: 'Make a key',
      made: (when: Html): Html => html`Made ${when}`,
      ends: (when: Html): Html => html`ends ${when}`,
      ended: (when: Html): Html => html`ended ${when}`,
      revoked: (when: Html): Html => html`revoked ${when}`,
      usedWith: (client: Html): Html => html`with ${client}`,
      soon: 'ends soon',
      roll: 'Replace',
      revoke: 'Revoke',
      newTitle: 'Make a key',
      name: 'What is it for?',
      allows: 'What may whoever has it do?',
      lasts: 'How long is it good?',
      days: (count: number): string => (count === 1 ? 'a day' : count === 365 ? 'a year' : `${count} days`),
      go: 'Make the key',
      noName: 'Give it a name of 1 to 64 characters, so that you know it again.',
      noScope: 'Tick at least one thing that it may do.',
      full: (most: number): string => `You have ${most} keys. Revoke one that you no longer need first.`,
      newDone: 'Your new key',
      once: 'Copy it now: it is shown this once, and not kept.',
      howTo: (server: Html): Html => html`Send it to ${server} in the header:`,
      until: (when: Html): Html => html`It is good until ${when}.`,
      oldUntil: (when: Html): Html => html`The old one goes on until ${when}.`,
      oldEnded: 'The old one has ended.',
      rollTitle: 'Replace a key',
      rollWhat: (name: Html): Html => html`You get a new key that may do the same as ${name}, for as long as that one was made for.`,
      overlap: 'How long should the old one go on?',
      overlapNone: 'Not at all',
      overlapHours: (hours: number): string => (hours === 24 ? 'A day' : hours === 168 ? 'A week' : `${hours} hours`),
    },
    security: {
      title: 'Signing in',
      password: 'Password',
      passwordIs: 'You sign in with a password.',
      signInAgain: 'To change how you sign in, you must have signed in within the last ten minutes.',
      signInAgainGo: 'Sign in again',
      passwordNone: 'Your account has no password.',
      changePassword: 'Change the password',
      provider: (name: Html): Html => html`You sign in at ${name}.`,
      passkeys: 'Passkeys',
      passkeysWhat:
        'A passkey is kept by your computer, phone or security key. It needs no password, and cannot be given to a page that only looks like this one.',
      passkeysNone: 'You have no passkeys.',
      addPasskey: 'Add a passkey',
      added: (when: Html): Html => html`Added ${when}`,
      synced: 'on all your devices',
      rename: 'Rename',
      passkeyName: 'Name of the passkey',
      remove: 'Remove',
      codes: 'One-time codes',
      codesWhat: 'An app on your phone shows a code that changes every half minute. With your password you are asked for it.',
      codesSince: (when: Html): Html => html`On since ${when}.`,
      codesOn: 'On',
      codesOff: 'Off',
      turnOn: 'Set up one-time codes',
      turnOff: 'Turn off one-time codes',
      turnOffSure: 'From then on your password alone signs you in. Recovery codes are deleted too.',
      turnOffGo: 'Yes, turn them off',
      recovery: 'Recovery codes',
      recoveryWhat: 'For when your phone is lost: each signs you in once, in place of a one-time code.',
      recoveryLeft: (count: number): string => (count === 0 ? 'You have none.' : count === 1 ? 'One is left.' : `${count} are left.`),
      recoveryNew: 'Make new recovery codes',
      recoverySure: 'Those that you have stop working.',
      recoveryGo: 'Yes, make new ones',
    },
    password: {
      title: 'Change the password',
      now: 'Your password now',
      next: (least: number): string => `The new one, at least ${least} characters`,
      again: 'The new one again',
      go: 'Change it',
      notTheSame: 'The two new passwords are not the same.',
      same: 'The new password is the one that you have.',
      wrong: 'That is not your password now.',
      wait: (seconds: number): string =>
        `Too many wrong passwords. Wait ${seconds === 1 ? 'a second' : `${seconds} seconds`}, then try again.`,
      busy: 'Too many passwords are being checked at this moment. Try again in a few seconds.',
      effect: 'Everybody who is signed in to your account in another browser is signed out. Programs keep the access that you gave them.',
    },
    newPasskey: {
      title: 'Add a passkey',
      what: 'Your browser asks you where to keep it, and to unlock that with a finger, your face or a PIN.',
      name: 'What should it be called?',
      example: 'My phone',
      unnamed: 'Passkey',
      go: 'Add it',
      failed: 'The browser did not make a passkey. You can try again.',
      needsScript: 'Passkeys need JavaScript, which this browser does not run here. Everything else works without.',
      refused: 'That passkey could not be added. Begin again.',
    },
    newCodes: {
      title: 'Set up one-time codes',
      scan: 'Scan this with the app on your phone that makes one-time codes.',
      picture: 'A code to scan',
      or: 'Or type this into the app:',
      open: 'Or open the app, where it is on this device',
      confirm: 'Then type the code that the app shows now',
      go: 'Turn them on',
      wrong: 'That code does not fit. Wait for the next one, and check that the clock of your phone is right.',
    },
    recovery: {
      title: 'Your recovery codes',
      what: 'Write them down, or print this page, and keep them where you would keep a spare key. They are shown this once. Each works once.',
      done: 'I have them',
    },
    sessions: {
      title: 'Sessions',
      what: 'These browsers are signed in to your account.',
      this: 'this browser',
      since: (when: Html): Html => html`Signed in ${when}`,
      seen: (when: Html): Html => html`last seen ${when}`,
      ends: (when: Html): Html => html`ends by itself ${when}`,
      with: (methods: string): string => `with ${methods}`,
      methods: {
        password: 'a password',
        passkey: 'a passkey',
        'one-time-code': 'a one-time code',
        'recovery-code': 'a recovery code',
      } as Readonly<Record<string, string>>,
      provider: (name: string): string => `at ${name}`,
      and: ' and ',
      unknownBrowser: 'A browser that does not say which',
      browserOn: (browser: string, system: string): string => `${browser} on ${system}`,
      end: 'Sign it out',
      endOthers: 'Sign out all other browsers',
    },
    activity: {
      title: 'Activity',
      what: 'What was done in your name here, the newest first. Nothing that programs sent or got is kept, only what they did.',
      none: 'Nothing is on record that fits.',
      more: 'Earlier',
      newest: 'Back to the newest',
      looked: 'Nothing more of it among the last records that were looked at.',
      filter: 'Show',
      apply: 'Show',
      outcome: 'Outcome',
      everything: 'everything',
      allowed: 'what was allowed',
      refused: 'what was refused or failed',
      kind: 'What',
      kinds: {
        calls: 'tools that were used',
        'sign-in': 'sign-ins',
        access: 'access given and taken back',
        account: 'changes to the account',
      } as Readonly<Record<string, string>>,
      onlyOf: (client: Html): Html => html`Only what ${client} did.`,
      ofAll: 'Show what all did',
      when: 'When',
      did: 'What',
      by: 'By',
      outcomeWords: { allow: 'done', deny: 'refused', error: 'failed' },
      times: (count: number): string => `${count} times`,
      /** What is on record, as a person says it. `it`: what it was done to. */
      actions: {
        'tools/call': 'Tool',
        'prompts/get': 'Prompt',
        'resources/read': 'Opened',
        'tools/list': 'Looked at the tools',
        'prompts/list': 'Looked at the prompts',
        'resources/list': 'Looked at the resources',
        'server/discover': 'Asked what this server can do',
        initialize: 'Connected',
        'sign-in': 'Sign-in',
        'sign-out': 'Sign-out',
        consent: 'Access asked for',
        'consent.allow': 'Access given',
        'account.create': 'Account made',
        'grant.revoke': 'Access taken back',
        'key.create': 'Key made',
        'key.roll': 'Key replaced',
        'key.revoke': 'Key revoked',
        'password.change': 'Password changed',
        'passkey.add': 'Passkey added',
        'passkey.rename': 'Passkey renamed',
        'passkey.remove': 'Passkey removed',
        'one-time-codes.on': 'One-time codes turned on',
        'one-time-codes.off': 'One-time codes turned off',
        'recovery-codes.create': 'Recovery codes made',
        'session.end': 'Browser signed out',
        'connection.begin': 'Connection begun',
        'connection.finish': 'Connected to another service',
        'connection.end': 'Disconnected from another service',
        'secret.set': 'Secret kept',
      } as Readonly<Record<string, string>>,
      reasons: {
        wrong_password: 'wrong password',
        wrong_code: 'wrong code',
        code_asked_for: 'the password was right, a code was asked for',
        rate_limited: 'too often',
        overloaded: 'too busy',
        access_denied: 'you chose Deny',
        forged_form: 'a form that was not ours',
        expired: 'too late',
        unauthenticated: 'not signed in',
        insufficient_scope: 'not allowed to',
        not_permitted: 'not allowed to',
        unknown_name: 'there is no such thing',
        sign_in_too_old: 'the sign-in was too long ago',
        upstream_error: 'the server answered with an error',
        tool_error: 'the tool answered with an error',
        crashed: 'something broke here',
      } as Readonly<Record<string, string>>,
    },
  },

  // ── Accounts elsewhere that one's account is connected with ───────────────────────────────────────────────────────────
  connections: {
    title: 'Connections',
    what: 'Some servers behind this one need an account or a secret of your own. It is kept here, sealed, for you alone: programs that you let in use it through this server and never see it.',
    none: 'No server here needs anything of yours.',
    all: 'All connections',
    endSure: 'Programs that you let in cannot use it any more. What is kept for it is deleted.',
    secretStates: { connected: 'kept', missing: 'not set', ended: 'no longer good' },
    for: (servers: string): string => `For ${servers}`,
    states: { connected: 'connected', missing: 'not connected', ended: 'has ended' },
    since: (when: Html): Html => html`since ${when}`,
    connect: 'Connect',
    again: 'Connect again',
    disconnect: 'Disconnect',
    forget: 'Delete it',
    value: (title: string): string => `Your value for ${title}`,
    keep: 'Keep it',
    replace: 'Replace it',
    empty: 'Type in the value first.',
    leaveTitle: 'Continue elsewhere',
    leave: (host: Html): Html => html`Continue at ${host}`,
    leaveWhat: (title: Html): Html =>
      html`You sign in there to ${title}, and see what this server may do with your account. Then you come back here.`,
    onlyYours: 'Only go on if you started this yourself. What you allow there is used in your name alone.',
    leaveGo: (host: string): string => `Continue to ${host}`,
    failedTitle: 'You are not connected',
    late: 'It took longer than ten minutes, was finished before, or was begun in another browser or by somebody else. Begin again.',
  },
}

/** What a translation has to say. */
export type Texts = typeof texts
