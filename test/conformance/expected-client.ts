// How many different checks of each scenario pass with the program of `client/main.ts`, at least. Counted, because a client that does nothing
// has no failure in some of them, and one that stops early has fewer. A check that the suite makes of each request counts once.

import type { Version } from '../support/index.ts'
import type { Counts, Expectations, Remark } from './expected.ts'

/** Both revisions, and of everything that the suite has what neither of them asks for. */
export const RUNS = ['2025-11-25', '2026-07-28', 'all'] as const
export type Run = Version | 'all'

const extensions: Counts = {
  'auth/client-credentials-basic': 5,
  'auth/client-credentials-jwt': 5,
  'auth/enterprise-managed-authorization': 6,
  'auth/wif-jwt-bearer': 5,
}
/** Extensions of no revision, and what was before both. */
const ofNoRevision: Counts = {
  'auth/2025-03-26-oauth-endpoint-fallback': 4,
  'auth/2025-03-26-oauth-metadata-backcompat': 9,
  'sep-2640-client-no-prefetch': 1,
  'sep-2640-client-verify-digest': 1,
  'sep-2640-client-verify-frontmatter': 1,
  'sep-2640-client-verify-size': 1,
}
export const OF_NO_REVISION: readonly string[] = Object.keys(ofNoRevision)

const inBoth: Counts = {
  ...extensions,
  'auth/basic-cimd': 10,
  'auth/pre-registration': 10,
  'json-schema-2020-12-preservation': 9,
  tools_call: 2,
}

/** Of 2025-11-25, and those that the suite runs at that revision unless told otherwise. */
const earlier: Counts = {
  ...inBoth,
  'auth/dpop': 12,
  'auth/dpop-nonce': 14,
  'auth/metadata-default': 15,
  'auth/metadata-var1': 15,
  'auth/metadata-var2': 15,
  'auth/metadata-var3': 15,
  'auth/scope-from-scopes-supported': 11,
  'auth/scope-from-www-authenticate': 11,
  'auth/scope-omitted-when-undefined': 11,
  'auth/scope-retry-limit': 10,
  'auth/scope-step-up': 12,
  'auth/token-endpoint-auth-basic': 16,
  'auth/token-endpoint-auth-none': 16,
  'auth/token-endpoint-auth-post': 16,
  'elicitation-sep1034-client-defaults': 5,
  initialize: 1,
  'sse-retry': 3,
}

/** Which 2026-07-28 brought. */
const brought: Counts = {
  'auth/authorization-server-migration': 14,
  'auth/iss-normalized': 8,
  'auth/iss-not-advertised': 12,
  'auth/iss-supported': 12,
  'auth/iss-supported-missing': 8,
  'auth/iss-unexpected': 8,
  'auth/iss-wrong-issuer': 8,
  'auth/metadata-issuer-mismatch': 3,
  'auth/offline-access-not-supported': 12,
  'auth/offline-access-scope': 13,
  'auth/resource-mismatch': 2,
  'http-custom-headers': 18,
  'http-invalid-tool-headers': 12,
  'http-standard-headers': 9,
  'json-schema-ref-no-deref': 1,
  'request-metadata': 8,
  'sep-2322-client-request-state': 5,
}

export const expectedOfClient: Readonly<Record<Run, Counts>> = {
  '2025-11-25': earlier,
  '2026-07-28': {
    ...inBoth,
    ...brought,
    'auth/dpop': 13,
    'auth/dpop-nonce': 15,
    'auth/metadata-default': 16,
    'auth/metadata-var1': 16,
    'auth/metadata-var2': 16,
    'auth/metadata-var3': 16,
    'auth/scope-from-scopes-supported': 12,
    'auth/scope-from-www-authenticate': 12,
    'auth/scope-omitted-when-undefined': 12,
    'auth/scope-retry-limit': 11,
    'auth/scope-step-up': 14,
    'auth/token-endpoint-auth-basic': 17,
    'auth/token-endpoint-auth-none': 17,
    'auth/token-endpoint-auth-post': 17,
  },
  all: {
    ...earlier,
    ...brought,
    ...ofNoRevision,
  },
}

const ofEarlierRevisions = {
  scenario: 'http-standard-headers',
  check: 'sep-2243-client-includes-standard-headers',
  status: 'SKIPPED',
  reason: '2026-07-28 has no such request: a server that knows that revision is not asked as one of an earlier',
} as const

const remarks: readonly Remark[] = [
  { ...ofEarlierRevisions, says: /did not send a initialize request/ },
  { ...ofEarlierRevisions, says: /did not send a notifications\/initialized request/ },
]

export const ofClient = (run: Run): Expectations => ({
  counts: expectedOfClient[run],
  // A remark on what is not run would be one that is out of date.
  remarks: remarks.filter(({ scenario }) => scenario in expectedOfClient[run]),
  notRequired: {},
})
