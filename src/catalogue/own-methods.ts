/**
 * The methods that concern no entry: lists, `initialize`, `server/discover`, `ping`, and what a caller says of its stream and
 * its session. They run through the same pipeline as a call.
 *
 * @module
 */

import {
  type Approved,
  allow,
  type Conclusion,
  type Decision,
  deny,
  type Final,
  type JsonObject,
  type Outgoing,
  type Principal,
} from '../core/index.ts'
import { isLogLevel, kindOf, META_PREFIX, methodOf, SUPPORTED_VERSIONS, TASKS } from '../protocol/index.ts'
import type { Catalogue } from './catalogue.ts'
import type { Subscriptions } from './subscriptions.ts'

export type OwnMethod = (request: Approved, notify: (notification: Outgoing) => void) => Conclusion

/** What is behind the entries, as far as it decides what we declare. */
export interface Features {
  /** Whether arguments can be completed. */
  readonly completions: boolean
  /** Whether log messages are sent to callers. */
  readonly logging: boolean
  /** Whether changes of single resources are told. */
  readonly subscriptions: boolean
  /** Whether a call may answer with a task. */
  readonly tasks: boolean
}

/** What a caller may ask beyond the protocol. */
export interface Extension {
  /** In the capabilities. */
  readonly name: string
  readonly methods: Readonly<Record<string, OwnMethod>>
  /** What is told of it; undefined: it is not for this caller. */
  declared(principal: Principal): JsonObject | undefined
}

export interface OwnMethodsOptions {
  readonly catalogue: Catalogue
  readonly serverInfo: { readonly name: string; readonly version: string; readonly title?: string }
  /** Guidance for the model, where there is some for this caller. Read for each answer: a gateway learns it late. */
  readonly instructions: (principal: Principal) => string | undefined
  readonly features: () => Features
  readonly subscriptions: Subscriptions
  /** A legacy caller's answer to a request of ours (`guards/asks`). */
  readonly onAnswer: (principal: Principal, params: JsonObject) => void
  readonly extensions?: readonly Extension[] | undefined
}

export interface OwnMethods {
  find(method: string): OwnMethod | undefined
}

const result = (value: JsonObject): Decision<Final> => allow({ kind: 'result', result: value })
const invalid = (problem: string): Decision<never> => deny({ reason: 'invalid_params', problem })

export function createOwnMethods(options: OwnMethodsOptions): OwnMethods {
  const { catalogue, serverInfo, instructions, features, subscriptions, onAnswer, extensions = [] } = options

  function describe(principal: Principal, isModern: boolean): { capabilities: JsonObject; instructions?: string } {
    const guidance = instructions(principal)
    const { completions, logging, subscriptions: subscribe, tasks } = features()
    const further = Object.fromEntries([
      ...(tasks && isModern ? [[TASKS, {}] as const] : []),
      ...extensions.map(({ name, declared }) => [name, declared(principal)] as const).filter(([, told]) => told !== undefined),
    ])
    const hasResources = catalogue.has('resource') || catalogue.has('template')
    return {
      capabilities: {
        tools: { listChanged: true },
        ...(catalogue.has('prompt') ? { prompts: { listChanged: true } } : {}),
        ...(hasResources ? { resources: { listChanged: true, ...(subscribe ? { subscribe: true } : {}) } } : {}),
        ...(completions ? { completions: {} } : {}),
        ...(logging ? { logging: {} } : {}),
        // The legacy revisions have another word for what is not theirs.
        ...(Object.keys(further).length > 0 ? { [isModern ? 'extensions' : 'experimental']: further } : {}),
      },
      ...(guidance === undefined ? {} : { instructions: guidance }),
    }
  }

  const methods: Readonly<Record<string, OwnMethod>> = {
    'server/discover': ({ principal }) =>
      result({
        supportedVersions: SUPPORTED_VERSIONS,
        ...describe(principal, true),
        ttlMs: 60_000,
        _meta: { [`${META_PREFIX}serverInfo`]: serverInfo },
      }),
    initialize: ({ message, principal }) => result({ protocolVersion: message.version, ...describe(principal, false), serverInfo }),
    ping: () => result({}),
    'logging/setLevel': async ({ message, session }) => {
      const { level } = message.params
      if (!isLogLevel(level)) return invalid('params.level must be one of the levels of RFC 5424.')
      await session?.setLogLevel(level)
      return result({})
    },
    'session/end': async ({ session }) => {
      if (session) {
        subscriptions.forget(session)
        await session.end()
      }
      return result({})
    },
    'request/answer': ({ principal, message }) => {
      onAnswer(principal, message.params)
      return result({})
    },
    'resources/subscribe': subscriptions.subscribe,
    'resources/unsubscribe': subscriptions.unsubscribe,
    'subscriptions/listen': subscriptions.listen,
    ...Object.assign({}, ...extensions.map((extension) => extension.methods)),
  }

  const list: OwnMethod = ({ message, principal }) => {
    const method = methodOf(message.method, message.era)
    if (method?.kind !== 'list') return deny({ reason: 'unknown_method', method: message.method })
    const { cursor } = message.params
    const text = cursor === undefined || typeof cursor === 'string' ? catalogue.list(method.of, message.era, principal, cursor) : undefined
    return text === undefined
      ? invalid('params.cursor is not one that this server gave out, or its list has changed: start again without it.')
      : allow({ kind: 'prepared', text })
  }

  return {
    find: (method) => (Object.hasOwn(methods, method) ? methods[method] : kindOf(method) === 'list' ? list : undefined),
  }
}
