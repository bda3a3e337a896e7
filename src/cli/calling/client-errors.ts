/**
 * What the client throws, as a command ends with it. Its messages speak to programs and say what to call; here the way to mend it is a
 * command.
 *
 * @module
 */

import {
  AuthorizationError,
  type AuthorizationProblem,
  authorizationSteps,
  MCPRequestError,
  TokenStoreError,
  TransportError,
  type TransportProblem,
  TrustError,
  transportSteps,
  trustSteps,
} from '../../client/index.ts'
import { CliError } from '../errors.ts'
import { shown, shownShort } from '../shown.ts'
import { commandFor, nameOfTarget, quoted, type ServerTarget } from './server-target.ts'

export interface Asked {
  readonly command: string
  readonly target: ServerTarget
  /** The account and so on, to be said again by whoever follows the advice. */
  readonly flags: string
}

/** Anything else is as it was. */
export function toCommandError(error: unknown, asked: Asked): unknown {
  if (error instanceof AuthorizationError) {
    const fix = signInFixes[error.code]?.(error, asked) ?? toFix(authorizationSteps[error.code])
    const what =
      error.code === 'sign_in_required'
        ? `${nameOfTarget(asked.target)} wants a sign-in`
        : without(error.message, authorizationSteps[error.code])
    return new CliError('E-SIGN-IN', what, fix, { reason: error.code })
  }
  if (error instanceof TransportError) {
    const step = error.message.includes(transportSteps[error.code])
      ? (transportFixes[error.code] ?? toFix(transportSteps[error.code]))
      : 'see above'
    return new CliError('E-UPSTREAM', without(error.message, transportSteps[error.code]), step, { reason: error.code })
  }
  if (error instanceof TrustError) {
    const [code, fix] = trustFixes(error, asked)
    return new CliError(code, without(error.message, trustSteps[error.code]), fix, { reason: error.code })
  }
  if (error instanceof TokenStoreError)
    return new CliError('E-DATA', shown(error.message), 'mend what it names, or choose another folder with --data-dir', {
      reason: error.code,
    })
  if (error instanceof MCPRequestError)
    return new CliError(
      'E-SERVER',
      `the server answers: ${shown(error.message.replace(HOOKS, ''))} (${error.code})`,
      requestFix(error, asked),
      {
        reason: error.code,
        data: error.data,
      },
    )
  return error
}

const login = ({ target, flags }: Asked, more = ''): string => commandFor('login', target, [], flags + more)

type Fix = (error: AuthorizationError, asked: Asked) => string
const signInFixes: Partial<Record<AuthorizationProblem, Fix>> = {
  sign_in_required: (_, asked) => `${login(asked)}, or give a key in SALLYPORT_API_KEY or with --api-key-file`,
  insufficient_scope: ({ scopes }, asked) => login(asked, scopes.map((scope) => ` --scope ${quoted(scope)}`).join('')),
  credential_refused: () => 'check the key in SALLYPORT_API_KEY or --api-key-file: it may have expired, or belong to another server',
  registration_unsupported: () => 'register a client with who runs it, and give its id with --client-id',
  registration_refused: () => 'register a client with who runs it, and give its id with --client-id',
  token_refused: (_, asked) => login(asked),
  authorization_denied: (_, asked) => `nothing was granted; to ask again: ${login(asked)}`,
  state_mismatch: (_, asked) => login(asked),
  issuer_mismatch: (_, asked) => `nothing was sent; try again with ${login(asked)}, and if it happens again, do not sign in there`,
}

const transportFixes: Partial<Record<TransportProblem, string>> = {
  address_blocked: 'if that host is yours, name it with --dangerously-allow-private-host',
  no_endpoint: 'give the whole URL of the MCP endpoint',
  redirected: 'give the final address: credentials are not sent on',
  too_large: 'ask for less',
  timeout: 'try again, or wait longer with --timeout',
}

function trustFixes({ code, tool }: TrustError, { target }: Asked): readonly ['E-TRUST' | 'E-DECLINED' | 'E-SERVER', string] {
  // A server may call a tool `--accept`: in a command that is no name.
  const named = tool.startsWith('-') ? [] : [shownShort(tool)]
  switch (code) {
    case 'definition_changed': {
      const see = commandFor('tools', target, named, named.length > 0 ? '--accept' : '')
      return ['E-TRUST', `see what changed, and accept it if it is meant: ${see}`]
    }
    case 'definition_suspicious':
      return ['E-TRUST', `read it before you use it: ${commandFor('tools', target, named)}`]
    case 'call_declined':
      return ['E-DECLINED', 'nothing was sent; run it again and agree, or with --yes']
    case 'encryption_removed':
      return ['E-TRUST', `nothing was sent; see what is said of it now: ${commandFor('tools', target, named)}`]
    case 'identity_mismatch':
      return ['E-TRUST', 'compare it with what `sallyport keys payload` prints where the server runs, then say --identity THUMBPRINT']
    case 'principal_mismatch':
      return ['E-TRUST', 'if that is who you are there, say it with --principal; else somebody in between calls as another']
    case 'encryption_invalid':
      return ['E-TRUST', 'ask who runs the server, and whoever is in between: its keys are not by the identity that it names']
    default:
      return ['E-SERVER', 'ask who runs the server: its answer is not what the tool promises']
  }
}

/** What a program would have to give. */
const HOOKS = /\.? Give onInput\.\w+(?: and onInput\.\w+)*\.$/
const MISSING_CAPABILITY = -32021
const INVALID_PARAMS = -32602
const METHOD_NOT_FOUND = -32601
/** Of a resource, up to 2025-11-25. */
const NO_RESOURCE = -32002
/** The status of an answer that is no JSON-RPC error. */
const NOT_FOUND = 404

function requestFix({ code }: MCPRequestError, { target, command }: Asked): string {
  if (code === MISSING_CAPABILITY) return 'it wants to ask something: run it at a terminal, where you can answer'
  if (code === METHOD_NOT_FOUND) return 'the server has no such thing to offer'
  if (code === NOT_FOUND) return 'give the whole URL of the MCP endpoint: whoever runs the server has it'
  if (code === INVALID_PARAMS && command === 'call') return `see its names and arguments: ${commandFor('tools', target)}`
  if ((code === INVALID_PARAMS || code === NO_RESOURCE) && (command === 'read' || command === 'prompt'))
    return `see what there is: ${commandFor(command, target)}`
  return 'correct what it says, and run the command again'
}

/** Where a program and a person do the same: its sentence, as fixes are written. */
const toFix = (step: string): string => `${step.charAt(0).toLowerCase()}${step.slice(1).replace(/\.$/, '')}`

/** The step of a message is for programs; commands have their own. */
const without = (message: string, step: string): string => shown(message.replace(step, '').trim().replace(/\.$/, ''))
