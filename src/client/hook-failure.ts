/**
 * What the program's own code threw in the middle of a request: a hook, a token store, a way to sign in. The program gets it back as it is;
 * otherwise it would look like a fault of the server's, whose requests and answers pass the same way.
 *
 * @module
 */

/** The server reads only this sentence. */
export class HookFailure extends Error {
  override readonly name = 'HookFailure'
  constructor(cause: unknown) {
    super('The client could not answer.', { cause })
  }
}
