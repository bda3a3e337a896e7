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
    noAccountYet: 'There is no account yet. The terminal where Sallyport runs shows a one-time link to make one.',
    name: 'Name',
    password: 'Password',
    go: 'Sign in',
    wrong: 'That name and password do not belong together. Try again.',
    busy: 'Too many people are signing in at this moment. Try again in a few seconds.',
    wait: (seconds: number): string =>
      `Too many wrong passwords. Wait ${seconds === 1 ? 'a second' : `${seconds} seconds`}, then try again.`,
  },

  // ── The second step (second-factor.ts) ────────────────────────────────────────────────────────────────────────────────
  secondFactor: {
    title: 'One more step',
  },

  // ── Signing in at somebody else's (provider pages) ────────────────────────────────────────────────────────────────────
  provider: {
    title: 'Sign in elsewhere',
  },

  // ── Invitation, forgotten password (welcome pages) ────────────────────────────────────────────────────────────────────
  welcome: {
    title: 'Welcome',
  },

  // ── Consent (consent.ts) ──────────────────────────────────────────────────────────────────────────────────────────────
  consent: {
    title: 'Allow access?',
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
    done: (name: Html): Html => html`Done, ${name}`,
    connect: (server: Html): Html =>
      html`Connect your client to ${server}. It will open a page here, where you sign in and see what it asks for.`,
    goneTitle: 'This link no longer works',
    gone: 'It was used before, is older than ten minutes, or was replaced by a newer one. Where Sallyport has no owner yet, it shows a new link in its terminal when it starts.',
  },

  // ── One's own account (account*.ts) ───────────────────────────────────────────────────────────────────────────────────
  account: {
    title: 'Your account',
  },

  // ── Accounts elsewhere that one's account is connected with ───────────────────────────────────────────────────────────
  connections: {
    title: 'Connections',
  },
}

/** What a translation has to say. */
export type Texts = typeof texts
