/**
 * Connects a command with the server that it is about, and ends it however it ends: ^C cancels, what goes wrong becomes an error of the
 * command line, and who has to sign in first is asked whether to do so now, where there is a terminal.
 *
 * @module
 */

import {
  AuthorizationError,
  type InputHooks,
  MCPClient,
  type MCPClientOptions,
  type Progress,
  type RequestOptions,
} from '../../client/index.ts'
import { ConfigError } from '../../core/index.ts'
import { CliError } from '../errors.ts'
import { createOutput, type Output } from '../output.ts'
import { shown } from '../shown.ts'
import { whileWaiting } from '../waiting.ts'
import { answerForm, type FormRequest } from './answer-form.ts'
import { answerUrl } from './answer-url.ts'
import { type Asker, createAsker } from './asking.ts'
import { type Asked, toCommandError } from './client-errors.ts'
import { interruptible } from './interruption.ts'
import { createProgressLines } from './progress-lines.ts'
import { repeatedFlags, type ServerFlags, toClientOptions } from './server-flags.ts'
import { nameOfTarget, parseWords, type ServerTarget } from './server-target.ts'
import { signInHere } from './sign-in-here.ts'

export interface Server {
  readonly client: MCPClient
  readonly target: ServerTarget
  /** As it stands in a sentence. */
  readonly name: string
  readonly rest: readonly string[]
  readonly output: Output
  /** Undefined where there is no terminal. */
  readonly asker: Asker | undefined
  readonly signal: AbortSignal
  /** Runs a request: says that it is under way, and what progress there is; signs in first where that is wanted and agreed to. */
  request<T>(what: string, work: (options: RequestOptions) => PromiseLike<T>): Promise<T>
}

/** @throws {CliError} */
export async function withServer(
  command: string,
  words: readonly string[],
  argv: readonly string[],
  flags: ServerFlags,
  use: (server: Server) => Promise<void>,
): Promise<void> {
  const output = createOutput(flags.json ?? false)
  const { target, rest } = parseWords(command, words, argv)
  const asked: Asked = { command, target, flags: repeatedFlags(flags) }
  const name = nameOfTarget(target)
  await interruptible(output, async ({ signal, interrupt }) => {
    const asker = createAsker({ signal, interrupt })
    try {
      const options = toClientOptions(target, flags, output)
      await using signedIn = create(options, name, asker)
      await using anonymous = flags.onlySignIn === true ? undefined : await anonymousWhere(signedIn, options, name, asker, signal)
      const client = anonymous ?? signedIn
      const request: Server['request'] = async (what, work) => {
        const run = () => waiting(what, work, signal, output, asker)
        return run().catch(async (error: unknown) => {
          if (anonymous !== undefined || !(await offerSignIn(error, client, name, output, asker, signal))) throw error
          return run()
        })
      }
      await use({ client, target, name, rest, output, asker, signal, request })
    } catch (error) {
      throw signal.aborted ? error : toCommandError(error, asked)
    }
  })
}

/** A client without a credential, where nobody is signed in and the server asks for nobody: undefined everywhere else. */
async function anonymousWhere(
  client: MCPClient,
  options: MCPClientOptions,
  name: string,
  asker: Asker | undefined,
  signal: AbortSignal,
): Promise<MCPClient | undefined> {
  const { auth, account: _account, ...rest } = options
  if (auth?.type !== 'oauth2' || !(await wantsSignIn(client, signal))) return undefined
  const anonymous = create(rest, name, asker)
  if (!(await wantsSignIn(anonymous, signal))) return anonymous
  await anonymous.close()
  return undefined
}

/** What else goes wrong goes wrong again where it is told. */
async function wantsSignIn(client: MCPClient, signal: AbortSignal): Promise<boolean> {
  const error = await client.serverInfo({ signal }).then(
    () => undefined,
    (reason: unknown) => reason,
  )
  // Who has no credential at all is refused under another code than who has not signed in.
  return error instanceof AuthorizationError && (error.code === 'sign_in_required' || error.code === 'credential_refused')
}

function create(options: MCPClientOptions, name: string, asker: Asker | undefined): MCPClient {
  try {
    return new MCPClient({ ...options, ...(asker && { onInput: answersOf(asker, name) }) })
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    throw new CliError('E-USAGE', error.problems.map(shown).join('\n  '), 'correct the option that sets it; see --help')
  }
}

/** A server may ask several things at once; a person answers one after the other. */
function answersOf(asker: Asker, name: string): InputHooks {
  let before: Promise<unknown> = Promise.resolve()
  const inTurn = <T>(answer: () => Promise<T>): Promise<T> => {
    const mine = before.then(answer)
    before = mine.catch(() => {})
    return mine
  }
  return {
    elicitation: (request) => inTurn(() => answerForm(request as FormRequest, name, asker)),
    url: (question) => inTurn(() => answerUrl(question, name, asker)),
  }
}

function waiting<T>(
  what: string,
  work: (options: RequestOptions) => PromiseLike<T>,
  signal: AbortSignal,
  output: Output,
  asker: Asker | undefined,
): Promise<T> {
  const quietly = { note: (text: string) => void (asker?.isAsking() || output.note(text)) }
  const lines = createProgressLines(quietly)
  const onProgress = (progress: Progress): void => lines.show(progress)
  return whileWaiting(() => `${what}${lines.last()}`, quietly, settled(work({ signal, onProgress })))
}

const settled = <T>(work: PromiseLike<T>): Promise<T> => new Promise((resolve, reject) => void work.then(resolve, reject))

/** Whether somebody signed in now. */
async function offerSignIn(
  error: unknown,
  client: MCPClient,
  name: string,
  output: Output,
  asker: Asker | undefined,
  signal: AbortSignal,
): Promise<boolean> {
  if (!(error instanceof AuthorizationError) || asker === undefined) return false
  if (error.code !== 'sign_in_required' && error.code !== 'insufficient_scope') return false
  if (
    !(await asker.confirm(
      `${name} wants you to sign in${error.scopes.length > 0 ? ` for ${error.scopes.map(shown).join(' ')}` : ''}. Now?`,
    ))
  )
    return false
  await signInHere(client, { scopes: error.scopes, device: false, signal, output })
  return true
}
