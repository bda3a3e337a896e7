/**
 * What Sallyport claims about security, one row a claim. README shows these rows; a test that proves one says so with
 * `verifies(id)`; a row that no test cites fails (`unit/requirements.test.ts`).
 *
 * T…: threats. G…: what a gateway must do under MCP 2026-07-28. A guarantee is a rule that always holds; a detector is
 * reported with what it was measured to find.
 */

export interface Requirement {
  /** The threat, or the section of the specification. */
  readonly source: string
  /** What Sallyport does, as one sentence that can be false. */
  readonly behaviour: string
  readonly kind: 'guarantee' | 'detector'
}

export const requirements = {
  T02: {
    source: 'Token mismanagement (OWASP MCP01)',
    behaviour: 'The credential that a caller presents never appears in anything an upstream receives.',
    kind: 'guarantee',
  },
  T04: {
    source: 'Scope creep (OWASP MCP02); MCP authorization, scope challenge',
    behaviour: 'A token without the scope that a tool needs gets a 403 with a complete step-up challenge, and the upstream sees nothing.',
    kind: 'guarantee',
  },
  T10: {
    source: 'Missing or weak authentication (OWASP MCP07)',
    behaviour:
      'No token, an expired or unsigned one, or one of another audience or issuer: 401 on every method, and the upstream sees nothing.',
    kind: 'guarantee',
  },
  T11: {
    source: 'No trace of what happened (OWASP MCP08)',
    behaviour: 'A record of the audit that was changed, moved or removed is found by `audit verify`, which names it.',
    kind: 'guarantee',
  },
  T13: {
    source: 'Data of one session in another (OWASP MCP10)',
    behaviour: 'Answers of callers who work at the same time never cross, whatever ids they choose.',
    kind: 'guarantee',
  },
  T21: {
    source: 'Token passthrough (MCP security best practices)',
    behaviour: 'A token that was issued for another server is refused.',
    kind: 'guarantee',
  },
  T23: {
    source: 'Session hijacking (MCP security best practices)',
    behaviour: 'A session id of somebody else is of no use: each request proves who sends it.',
    kind: 'guarantee',
  },
  T26: {
    source: 'Commands from the network (MCP security best practices)',
    behaviour: 'Nothing that arrives over the network starts a program or changes which one is guarded.',
    kind: 'guarantee',
  },
  T27: {
    source: 'Annotations that lie (MCP tools, trust)',
    behaviour: 'A tool counts as read-only only on the word of the operator, never on its own.',
    kind: 'guarantee',
  },
  T30: {
    source: 'DNS rebinding and foreign pages (CVE-2025-49596, CVE-2025-66414)',
    behaviour: 'A foreign Host or Origin is refused, and without being told otherwise only this machine can connect.',
    kind: 'guarantee',
  },
  G1: {
    source: 'MCP 2026-07-28 authorization, access token privilege restriction',
    behaviour: "Inbound tokens are checked for the gateway's own audience; upstreams get the operator's own credential or none.",
    kind: 'guarantee',
  },
  G5: {
    source: 'MCP 2026-07-28 streamable HTTP, header validation',
    behaviour: 'Headers that say otherwise than the body are refused with 400 before anything is executed.',
    kind: 'guarantee',
  },
  G6: {
    source: 'MCP 2026-07-28 streamable HTTP, custom headers',
    behaviour: 'A `Mcp-Param-*` header that nothing declares is no error.',
    kind: 'guarantee',
  },
  G7: {
    source: 'MCP 2026-07-28 caching',
    behaviour: 'What one caller may see is never answered to another from a cache.',
    kind: 'guarantee',
  },
  G8: {
    source: 'MCP 2026-07-28 tools, names of several servers',
    behaviour: 'With several upstreams each name carries the id that the operator gave its server, not what the server calls itself.',
    kind: 'guarantee',
  },
  G11: {
    source: 'MCP 2026-07-28 versioning; 2025-11-25 lifecycle',
    behaviour: 'Both revisions are served from one endpoint, and a session of the older one is bound to who opened it.',
    kind: 'guarantee',
  },
  G12: {
    source: 'MCP 2026-07-28 cancellation',
    behaviour: 'When the caller goes away, what it asked for is cancelled upstream.',
    kind: 'guarantee',
  },
  G13: {
    source: 'MCP 2026-07-28 base protocol, _meta',
    behaviour: 'A caller’s `traceparent`, `tracestate` and `baggage` reach the upstream unchanged where they are well formed.',
    kind: 'guarantee',
  },
} as const satisfies Record<string, Requirement>

export type RequirementId = keyof typeof requirements

/** Says in a test file which requirements its tests prove. An id that is not in the table does not compile, and throws. */
export function verifies(...ids: readonly RequirementId[]): void {
  for (const id of ids) if (!Object.hasOwn(requirements, id)) throw new Error(`${id} is not in test/requirements.ts`)
}
