/** What the pages say at which somebody signs in or out, or gets an account. @module */

import { type Html, html } from '../html.ts'

/** Signing in (../sign-in.ts). */
export const signIn = {
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
  wait: (seconds: number): string => `Too many wrong passwords. Wait ${seconds === 1 ? 'a second' : `${seconds} seconds`}, then try again.`,
  noPasswords: 'Nobody has a password here: choose where you sign in.',
}

/** Signing out (../sign-out.ts). */
export const signOut = {
  title: 'Sign out',
  heading: 'Sign out?',
  who: (account: Html): Html => html`You are signed in as ${account} in this browser.`,
  stays: 'What you have allowed programs stays as it is. You can take it back in your account.',
  go: 'Sign out',
  back: 'Stay signed in',
  doneTitle: 'You are signed out',
  done: 'Nobody is signed in here in this browser any more.',
  again: 'Sign in',
}

/** The second step (../second-factor.ts). */
export const secondFactor = {
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
}

/** Signing in at somebody else's (provider pages). */
export const provider = {
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
}

/** Invitation, forgotten password (welcome pages). */
export const welcome = {
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
}

/** The owner's account (../setup.ts). */
export const setup = {
  title: 'Set up',
  heading: 'Make the owner’s account',
  what: (server: Html): Html => html`This server guards ${server}. With this account you sign in whenever a program asks for access to it.`,
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
}
