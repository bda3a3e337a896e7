/**
 * What people and operators read where an account, a password or a passkey is not taken: one sentence each, in plain English. Pages and
 * the command line show them as they are; the pages' own texts are in `oauth/pages/texts.ts`.
 *
 * @module
 */

/** Nothing that was typed is in any of them. */
export const problems = {
  name: 'A name has 1 to 64 letters a to z, digits, and . _ @ + - inside.',
  nameOfKey: 'A name does not begin with spk_ or cl_: keys and clients do.',
  taken: 'There is an account of that name.',
  noAccount: 'There is no account of that name.',
  ownerThere: 'There is an owner already.',
  role: 'A role has 1 to 64 letters, digits, and . _ : @ / -.',
  group: 'A group has 1 to 64 letters, digits, and . _ : @ / -.',
  rolesElsewhere: 'The roles of this account come from its identity provider: change them there, or the mapping.',
  passwordShort: (least: number): string => `A password has at least ${least} characters.`,
  passwordLong: (most: number): string => `A password has at most ${most} characters.`,
  passwordIsName: 'A password is not the name.',
  passwordGuessed: 'That password is one that others guess first. Choose another.',
  passwordElsewhere: 'This account signs in at its identity provider, and has no password here.',
  passkeyElsewhere: 'This account signs in at its identity provider, and has no passkeys here.',
  passkeyFailed: 'That did not work. Try again.',
  passkeyThere: 'That passkey is here already.',
  passkeysFull: (most: number): string => `An account has at most ${most} passkeys.`,
} as const
