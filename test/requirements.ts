/**
 * What Sallyport claims about security: one row a claim, with where it comes from. A test says `verifies('T23')` for what it
 * proves; a row that no test cites fails the suite, and so does a citation without a row. The README's table points here.
 *
 * @module
 */

import assert from 'node:assert/strict'

export interface Requirement {
  /** The threat or the section that asks for it. */
  readonly source: string
  readonly behaviour: string
  /** A guarantee always holds; a detector finds what it can. */
  readonly kind: 'guarantee' | 'detector'
}

export const requirements: Readonly<Record<string, Requirement>> = {
  // Threats
  T01: {
    source: 'MCP01 token exposure',
    behaviour:
      'A secret that was handed to an upstream does not come back to a caller, nor into a log or a record, in any form that encoders give it, whichever place of the protocol it is in.',
    kind: 'guarantee',
  },
  T02: {
    source: 'MCP01 token exposure',
    behaviour: 'A caller’s credential never appears in what an upstream receives.',
    kind: 'guarantee',
  },
  T14: {
    source: 'MCP10 context over-sharing',
    behaviour:
      'Where a tool’s rule names fields, nothing else of its results leaves: not beside them in text, not in an error, not by a link.',
    kind: 'guarantee',
  },
  'results-budgets': {
    source: 'The guide’s data minimization',
    behaviour:
      'A tool’s result that is larger than its caller may get at once does not leave whole: of every budget that is written for the server, the tool, a role or the client, the tightest counts.',
    kind: 'guarantee',
  },
  'results-head-and-link': {
    source: 'The guide’s data minimization',
    behaviour: 'Of a result that is too large its caller gets the beginning and a link, and can read all of it on from there.',
    kind: 'guarantee',
  },
  'results-own': {
    source: 'MCP10 context over-sharing, T13',
    behaviour:
      'A stored result is read by the principal who called, and only while they may use its tool; anybody else is answered as for one that never was.',
    kind: 'guarantee',
  },
  'results-gone': {
    source: 'The guide’s data retention',
    behaviour:
      'A stored result, all its parts and what a process that was killed has left of one end with their time, and are sealed until then.',
    kind: 'guarantee',
  },
  'results-ranges': {
    source: 'The guide’s data minimization',
    behaviour: 'Stored results are read in pieces and searched; no answer is larger than the budget, and no character is cut.',
    kind: 'guarantee',
  },
  'results-large': {
    source: 'The guide’s data minimization, RS22',
    behaviour:
      'A result of 50 MB takes no more than a few times its size, others are answered meanwhile, and no secret is missed where it is cut into slices.',
    kind: 'guarantee',
  },
  'results-flow': {
    source: 'The guide’s data minimization',
    behaviour: 'A flow that has had its tokens of results gets summaries, or nothing is run for it any more, until its window ends.',
    kind: 'guarantee',
  },
  'results-counted': {
    source: 'The guide’s data minimization',
    behaviour: 'What results come to is counted by tool and day, with what was saved and how; no caller is in it.',
    kind: 'guarantee',
  },
  'results-promise': {
    source: '2026-07-28 tools §Output Schema',
    behaviour: 'Structured content that is shortened is still what its tool promises; where it cannot be, the answer is an error.',
    kind: 'guarantee',
  },
  'results-files': {
    source: 'The guide’s data minimization',
    behaviour: 'Images, audio and files leave as links where they have no room, or where their tool’s rule says so.',
    kind: 'guarantee',
  },
  'at-rest': {
    source: 'MCP01 token exposure, the guide’s data security',
    behaviour:
      'Of every key, token, code, password and cookie that passes, none is in clear in the data folder or the log afterwards: not in a free page, not in the write-ahead log, not encoded.',
    kind: 'guarantee',
  },
  forgetting: {
    source: 'MCP01 data retention, the right to be forgotten',
    behaviour: 'Who is forgotten is forgotten in every kind of record, and nothing of anybody else goes with it.',
    kind: 'guarantee',
  },
  'forgetting-leaves-nothing': {
    source: 'MCP01 data retention',
    behaviour:
      'Of somebody who was forgotten not a byte is left in the data folder, not in a free page and not in the write-ahead log; audit records name who did what.',
    kind: 'guarantee',
  },
  'backups-forget': {
    source: 'MCP01 data retention, crypto-shredding',
    behaviour: 'What an older copy of the data has of somebody who was forgotten does not open with the keys that are there now.',
    kind: 'guarantee',
  },
  'forgetting-ends': {
    source: 'MCP01 data retention',
    behaviour:
      'A sweep, a dropping of audit records or a forgetting that was killed at any point is ended by the next start or the same command: nothing that should stay is lost, nothing that should go stays.',
    kind: 'guarantee',
  },
  'data-export': {
    source: 'The right of access',
    behaviour: 'Somebody’s data is handed out whole, and with it nothing of others and nothing that lets anybody in.',
    kind: 'guarantee',
  },
  'audit-arguments': {
    source: 'MCP08 audit, MCP01 data minimization',
    behaviour:
      'Arguments are kept beside the audit only where an operator asks for it: redacted, bounded, sealed for the caller, and checked against the chain, which stays whole after they are gone.',
    kind: 'guarantee',
  },
  'audit-retention': {
    source: 'MCP08 audit',
    behaviour:
      'Audit records end after their time; the chain says from where on it is kept, and a beginning that is made up or moved is found.',
    kind: 'guarantee',
  },
  T04: {
    source: 'MCP02 scope creep',
    behaviour: 'A token with one scope that calls a tool which needs another gets 403 with a challenge that names it.',
    kind: 'guarantee',
  },
  T05: {
    source: 'MCP03 tool poisoning',
    behaviour:
      'Instructions to a model, hidden characters, look-alike names and plainly lying hints in the definition of a tool are reported, wherever in it they stand.',
    kind: 'detector',
  },
  T10: {
    source: 'MCP07 authentication',
    behaviour: 'A missing, expired, forged or foreign credential gets 401, and the upstream sees nothing.',
    kind: 'guarantee',
  },
  T11: {
    source: 'MCP08 audit',
    behaviour:
      'An edited, dropped or cut-off audit record is found; every refused call has one record, or is counted in one, without secrets.',
    kind: 'guarantee',
  },
  T13: { source: 'MCP10 over-sharing', behaviour: 'Parallel callers never get each other’s results.', kind: 'guarantee' },
  'payload-encryption': {
    source: 'Guide, data security',
    behaviour:
      'A parameter or result that is marked as encrypted crosses the protocol sealed for its tool, field and caller; check, rule and function see the value, and what is in clear is refused.',
    kind: 'guarantee',
  },
  'payload-pins': {
    source: 'issue 7',
    behaviour:
      'Whoever is between a client and a server cannot put other keys, another caller or another tool in the place of those that were seen first or given by hand, take the marks away, have a call run twice, or answer it with another result.',
    kind: 'guarantee',
  },
  'payload-between': {
    source: 'issue 7',
    behaviour:
      'Through a gateway of ours and through mcp-proxy an encrypted value crosses no wire, log, audit record or data folder in clear, and what is caught there opens nothing.',
    kind: 'guarantee',
  },
  'payload-tampering': {
    source: 'MCP01 token exposure, MCP10 over-sharing',
    behaviour:
      'A sealed value that is truncated, changed, replayed, too old, or brought for another tool, field or caller is refused, and never named.',
    kind: 'guarantee',
  },
  references: {
    source: 'Guide, data minimization',
    behaviour:
      'A message carries a reference, and the tool gets what it refers to: a resource of the server, or what its caller has put there.',
    kind: 'guarantee',
  },
  'references-of-others': {
    source: 'MCP10 over-sharing',
    behaviour:
      'A reference gives a caller nothing that the caller could not read: of somebody else’s, expired, guessed or forbidden, the answer is that of one which never was.',
    kind: 'guarantee',
  },
  'references-bounded': {
    source: 'MCP01 data minimization',
    behaviour:
      'What callers put on a server is bounded for each by number, bytes and time; what is left half is removed, and no URL is fetched.',
    kind: 'guarantee',
  },
  T38: {
    source: 'MCP03 rug pull',
    behaviour:
      'A tool whose definition is another than the client saw first, in any member, also after a restart, is neither listed nor called until its user accepts it.',
    kind: 'guarantee',
  },
  'whose-question': {
    source: 'MCP10 over-sharing',
    behaviour: 'What an upstream asks or logs during a call reaches the caller of that call, or nobody.',
    kind: 'guarantee',
  },
  'upstream-own-token': {
    source: 'Token passthrough (G1), MCP10 over-sharing',
    behaviour:
      'A call reaches a guarded server with the token of its own caller there: never another person’s, and never the one it came to us with.',
    kind: 'guarantee',
  },
  'upstream-token-stays': {
    source: 'MCP01 token exposure, RS28',
    behaviour: 'No token for a guarded server reaches a client, a log or the audit, not even where that server says it.',
    kind: 'guarantee',
  },
  'upstream-connected-by-same': {
    source: 'RS29, URL-elicitation phishing',
    behaviour: 'What was begun at a guarded server is ended by the same person at the same browser session, once, or by nobody.',
    kind: 'guarantee',
  },
  'upstream-mix-up': {
    source: 'RFC 9700 §4.4, RFC 9207',
    behaviour:
      'A code of one authorization server is never sent to another, and each server has a place of its own that a browser comes back to.',
    kind: 'guarantee',
  },
  'upstream-renewed-once': {
    source: 'OAuth 2.1 §4.3.1',
    behaviour: 'A token for a guarded server is renewed once for all calls that wait for it, in however many processes.',
    kind: 'guarantee',
  },
  'upstream-tokens-sealed': {
    source: 'MCP01 token exposure',
    behaviour: 'Tokens for guarded servers are sealed for one person at one address: moved elsewhere, they open for nobody.',
    kind: 'guarantee',
  },
  'upstream-vouched-by-us': {
    source: 'RFC 8693, RFC 7523 §3, SEP-990',
    behaviour: 'A guarded server’s issuer is shown an assertion that we sign for it alone, and never the token that a caller came with.',
    kind: 'guarantee',
  },
  T21: { source: 'Token passthrough', behaviour: 'A token that was issued for another server is refused.', kind: 'guarantee' },
  T22: {
    source: 'Server-side request forgery',
    behaviour:
      'A URL that somebody else named is fetched over https from a public address alone, the one that was checked, at each redirect; nothing of this machine or network is dialled.',
    kind: 'guarantee',
  },
  T23: {
    source: 'Session hijacking',
    behaviour: 'A session id proves nothing: in another principal’s hands it is answered like one that never was.',
    kind: 'guarantee',
  },
  T26: { source: 'stdio in a proxy', behaviour: 'Nothing that arrives over the network starts a command.', kind: 'guarantee' },
  T27: {
    source: 'Untrusted annotations',
    behaviour: 'An upstream’s hint that a tool only reads opens nothing unless the operator accepted it.',
    kind: 'guarantee',
  },
  T30: {
    source: 'CVE-2025-49596, CVE-2025-66414',
    behaviour:
      'A foreign Host is refused on every path, a foreign Origin on all but metadata, registration, token and revocation (which answer any, without credentials), and nothing but loopback is listened on unless told.',
    kind: 'guarantee',
  },
  T32: {
    source: 'CVE-2025-53109, CVE-2025-53110',
    behaviour:
      'Of a folder that is served nothing outside is read or listed: not by dots in any encoding, a sibling with the same prefix, a link, or a link that is swapped meanwhile (on macOS and Windows swaps are made very unlikely, not impossible).',
    kind: 'guarantee',
  },
  // Gateway rows of the specification
  G1: {
    source: 'authorization §token passthrough',
    behaviour: 'The caller’s token is verified for our own audience and never sent on.',
    kind: 'guarantee',
  },
  G2: {
    source: 'security best practices §confused deputy',
    behaviour:
      'Nobody is sent to an identity provider for a client before they have seen, on a page of ours in this very sign-in, which client asks and where it leads; nothing is forwarded for a form that is another client’s or another browser’s.',
    kind: 'guarantee',
  },
  G3: {
    source: 'security best practices §confused deputy',
    behaviour:
      'The state of a sign-in at an identity provider is random, made only after the person has gone on, kept sealed for ten minutes, and good once, exactly as it was, in the browser that set out and for the provider that it set out to.',
    kind: 'guarantee',
  },
  'provider-answers': {
    source: 'OpenID Connect Core §3.1.3.7, RFC 9207, RFC 7636',
    behaviour:
      'What an identity provider answers counts only if issuer, state, code and its verifier, audience, nonce, time and signature all hold, and its metadata names exactly the issuer that the operator wrote.',
    kind: 'guarantee',
  },
  'provider-identity': {
    source: 'OpenID Connect Core §5.7',
    behaviour:
      'Somebody at an identity provider is its issuer and subject: no name and no e-mail address takes over another account, and an account stands only while its provider is configured, by its word of the last weeks, and by no passkey of its own.',
    kind: 'guarantee',
  },
  'provider-email': {
    source: 'OpenID Connect Core §5.7',
    behaviour: 'An e-mail address that the provider has not verified lets nobody in and names nobody.',
    kind: 'guarantee',
  },
  'provider-roles': {
    source: 'product promise',
    behaviour:
      'Roles and groups of somebody at an identity provider are what the mapping rules make of its claims at the latest sign-in, and nothing from before.',
    kind: 'guarantee',
  },
  G5: {
    source: 'streamable-http §server validation',
    behaviour: 'Headers that differ from the body are refused with 400 and −32020.',
    kind: 'guarantee',
  },
  G6: {
    source: 'streamable-http §custom headers',
    behaviour: 'An Mcp-Param header that we do not recognize reaches an HTTP upstream as it came.',
    kind: 'guarantee',
  },
  G7: {
    source: 'caching §cacheScope',
    behaviour: 'No list and no result of an upstream is marked public, and no list is shared between callers who may use different things.',
    kind: 'guarantee',
  },
  G8: {
    source: 'tools §name conflicts',
    behaviour: 'Tools of several upstreams are told apart by ids of ours, never by what an upstream calls itself.',
    kind: 'guarantee',
  },
  G10: {
    source: 'multi round-trip requests §requestState',
    behaviour:
      'What an upstream wants to have back comes back to it byte for byte, once, and only from the caller, for the request, that it was given to.',
    kind: 'guarantee',
  },
  G11: {
    source: 'versioning §dual era',
    behaviour: 'Modern requests are served statelessly, `initialize` opens a legacy session bound to its caller, both on one endpoint.',
    kind: 'guarantee',
  },
  G12: { source: 'streamable-http §cancellation', behaviour: 'When a caller goes away, the upstream is told to stop.', kind: 'guarantee' },
  G13: { source: 'basic §OpenTelemetry', behaviour: 'Trace context in _meta reaches the upstream as it came.', kind: 'guarantee' },
  // Authorization server rows of the specification
  A1: {
    source: 'authorization §communication security, OAuth 2.1',
    behaviour:
      'What the authorization server hands out is https, codes go to https or to this machine, and no token comes without a code and PKCE: not from the authorization endpoint, not for a password.',
    kind: 'guarantee',
  },
  A2: {
    source: 'authorization server discovery, RFC 8414',
    behaviour:
      'Its metadata names the issuer that was set, whatever a request calls it, S256 alone, and each endpoint, grant type and response mode that is there and no other.',
    kind: 'guarantee',
  },
  A3: {
    source: 'authorization security considerations §open redirection',
    behaviour:
      'A browser is sent to exactly an address that the client registered (of a loopback one the port is free); whatever is wrong before that is known ends on a page, and so does a mistake in the request of a program elsewhere that nobody has let in yet.',
    kind: 'guarantee',
  },
  A4: {
    source: 'authorization §response validation, RFC 9207',
    behaviour: 'Every answer of the authorization endpoint, errors too, names the issuer of the metadata, once and to the letter.',
    kind: 'guarantee',
  },
  A5: {
    source: 'client registration §client ID metadata documents',
    behaviour:
      'A client id that is a URL stands for what its document says under that very URL, without secrets; codes go only where it says. Told to clients only where it can work.',
    kind: 'guarantee',
  },
  A6: {
    source: 'CIMD draft §8.6, security best practices §SSRF',
    behaviour:
      'Fetching a client’s document never reaches an address of this machine or network, and nothing that it links to is fetched but its keys.',
    kind: 'guarantee',
  },
  A7: {
    source: 'authorization security considerations, localhost redirect URI risks',
    behaviour:
      'Before anything is granted a person reads the host that the answer goes to, and that any program could be behind it where that is their own computer.',
    kind: 'guarantee',
  },
  A11: {
    source: 'security best practices §confused deputy',
    behaviour:
      'A consent is given only by the form that was shown, in the browser and by the person it was shown to, for the client that it names; it is never in a frame, nor readable by a script.',
    kind: 'guarantee',
  },
  T20: {
    source: 'Confused deputy',
    behaviour:
      'What was allowed to one client allows nothing to another: each is asked about anew, whatever cookie, form or token of an earlier consent the browser brings.',
    kind: 'guarantee',
  },
  'consent-page': {
    source: 'conventions §consent page',
    behaviour:
      'The consent page names who is signed in, what vouches for the client, where the answer goes, each permission with what it opens for this person, how long, and where it is taken back.',
    kind: 'guarantee',
  },
  'consent-partial': {
    source: 'RFC 6749 §3.3',
    behaviour: 'What a person leaves unticked is not granted, now or at a refresh, nor by another permission that implies it.',
    kind: 'guarantee',
  },
  'consent-lasts': {
    source: 'conventions §consent page',
    behaviour: 'Nothing that comes of a consent is good for longer than the person chose.',
    kind: 'guarantee',
  },
  'consent-first-second': {
    source: 'clickjacking',
    behaviour: 'An Allow in the first second after the page was sent grants nothing, whatever the browser does.',
    kind: 'guarantee',
  },
  'consent-private-names': {
    source: 'MCP10 over-sharing',
    behaviour: 'The consent page names to nobody a tool, prompt or resource that their own lists would not show.',
    kind: 'guarantee',
  },
  'consent-approval': {
    source: 'RFC 8252 §8.6',
    behaviour:
      'Only an operator’s approval of a client as it is now spares people the question, and never where the answer goes to their own computer or a device, or the client asks for the question.',
    kind: 'guarantee',
  },
  'changed-redirect': {
    source: 'security best practices §confused deputy',
    behaviour: 'A code goes only to an address that the client had registered when it asked, and still has when it is answered.',
    kind: 'guarantee',
  },
  'client-names': {
    source: 'UTS #39',
    behaviour:
      'A client’s name that mixes alphabets, or has letters that only look like others or characters that nobody sees, is shown with a warning.',
    kind: 'detector',
  },
  A10: {
    source: 'RFC 7591, RFC 7592',
    behaviour:
      'A registration grants nothing, is bounded in rate and time, and is read, changed within the same rules or ended only with its own token.',
    kind: 'guarantee',
  },
  A8: {
    source: 'authorization security considerations §token theft, OAuth 2.1 §4.3.1',
    behaviour:
      'A refresh token is replaced at each use; for a minute a repeat gets the same successor, later it ends the sign-in for everybody; none can be read from the store.',
    kind: 'guarantee',
  },
  A9: {
    source: 'authorization §resource parameter, RFC 8707',
    behaviour:
      'Every token is for the one resource that was asked for, which is this server; a request for another gets none and uses nothing up.',
    kind: 'guarantee',
  },
  A12: {
    source: 'OAuth 2.1 §3.2.3',
    behaviour: 'Whatever the token endpoint answers is JSON with Cache-Control: no-store, whatever was asked and preferred.',
    kind: 'guarantee',
  },
  'one-session': {
    source: 'OpenID Connect Core §3.1.2.3',
    behaviour:
      'One session in a browser stands behind all that a person does there: once it has ended, wherever that was, nothing that remembers it lets anybody in, and no open question takes an answer.',
    kind: 'guarantee',
  },
  'fresh-sign-in': {
    source: 'OpenID Connect Core §3.1.2.1',
    behaviour: 'A client that asks for a fresh sign-in gets one that was made at this very request, and by no other.',
    kind: 'guarantee',
  },
  'session-fixation': {
    source: 'OWASP session management',
    behaviour:
      'Whatever somebody has put into a browser before a person signs in there, or begun in another, opens nothing of that person’s afterwards: a sign-in makes a new session and ends the one before.',
    kind: 'guarantee',
  },
  csrf: {
    source: 'RFC 6749 §10.12, OWASP CSRF',
    behaviour:
      'No form of any page changes anything unless a page of ours sent it, with the token of that form, in the browser that it was shown in.',
    kind: 'guarantee',
  },
  clickjacking: {
    source: 'RFC 6749 §10.13, RFC 9700 §4.16',
    behaviour:
      'No page can be framed, stored or made to run what is not its own; every answer to a browser says so, refusals and errors too.',
    kind: 'guarantee',
  },
  'only-own-pages': {
    source: 'RFC 9700 §4.11',
    behaviour: 'Where somebody goes after signing in to their account is a page of theirs here, whatever the address says.',
    kind: 'guarantee',
  },
  'code-injection': {
    source: 'OAuth 2.1 §7.5, RFC 9700 §4.5',
    behaviour:
      'A code opens nothing for another client, address, verifier or sign-in, nor as another kind of token; once it was used, using it again ends what came of it.',
    kind: 'guarantee',
  },
  // Client rows of the specification
  C2: {
    source: 'authorization server discovery §metadata',
    behaviour:
      'Our client takes authorization server metadata only from the places of the specification, and only where its issuer is exactly the one that was named.',
    kind: 'guarantee',
  },
  C3: {
    source: 'authorization security considerations §code protection',
    behaviour: 'Our client sends nobody to an authorization server that does not say it supports PKCE with S256.',
    kind: 'guarantee',
  },
  C4: {
    source: 'authorization §response validation, RFC 9207',
    behaviour: 'No code leaves our client, and no error is shown, before the issuer in the answer is exactly the recorded one.',
    kind: 'guarantee',
  },
  C5: {
    source: 'authorization §resource parameter, RFC 9728 §3.3',
    behaviour: 'Our client names the resource in every request for a token, and stops where the metadata speaks of another one.',
    kind: 'guarantee',
  },
  C6: {
    source: 'authorization §token handling',
    behaviour:
      'A key, token or secret that our client holds goes only to the one that it is for, never with a redirect, and is in no error or log.',
    kind: 'guarantee',
  },
  C7: {
    source: 'client registration §authorization server binding',
    behaviour: 'What one authorization server gave our client is not used with another.',
    kind: 'guarantee',
  },
  C8: {
    source: 'client registration §approaches',
    behaviour:
      'Our client goes to an authorization server as it was registered there, else by the document that it publishes, else as it registers itself, else it says what to do.',
    kind: 'guarantee',
  },
  C9: {
    source: 'client registration §application type',
    behaviour: 'Our client says what kind of application it registers, native for this computer, and says why where that is refused.',
    kind: 'guarantee',
  },
  C10: {
    source: 'authorization security considerations §open redirection',
    behaviour: 'An answer to a sign-in counts once, within ten minutes, at the client that began it.',
    kind: 'guarantee',
  },
  C11: {
    source: 'authorization §step-up',
    behaviour:
      'Our client steps up to all that it asked for before and what is needed, twice for a request at the most, and asks no person again and again.',
    kind: 'guarantee',
  },
  C14: {
    source: 'security best practices §authorization URLs, CVE-2025-6514',
    behaviour:
      'An address that a server names is opened in a browser only as http or https, by a program that gets it as one argument and no shell.',
    kind: 'guarantee',
  },
  C13: {
    source: 'security best practices §SSRF',
    behaviour: 'Nothing that a server names leads our client to an address of this machine or network that its user did not mean.',
    kind: 'guarantee',
  },
  C17: {
    source: 'server/tools §security considerations, T43',
    behaviour:
      'Whoever is asked before a call sees all of its arguments, nothing hidden, and exactly that is sent; a hint of the server decides nothing.',
    kind: 'guarantee',
  },
  C22: {
    source: 'basic §icons',
    behaviour:
      'An icon comes from data: or, over https, from the server’s own origin or one that was named: without credentials, without a redirect, bounded, a still picture by its own bytes.',
    kind: 'guarantee',
  },
  C25: {
    source: 'MCP extension oauth-client-credentials; RFC 7523 §3',
    behaviour:
      'A program’s secret, and what its key signs, go to the token endpoint of the issuer that it named and nowhere else; a refusal is an error, and nothing else is tried.',
    kind: 'guarantee',
  },
  C26: {
    source: 'SEP-990; RFC 8693 §2.2',
    behaviour:
      'What a program has of a person goes to the identity provider that it named alone, and only an ID-JAG for this authorization server goes on to that.',
    kind: 'guarantee',
  },
  C27: {
    source: 'RFC 9449; SEP-1932',
    behaviour: 'A token that is bound to a key is sent with a new proof for that request, and never without; nonces are honoured, and end.',
    kind: 'guarantee',
  },
  C28: {
    source: 'SEP-1933; RFC 7523 §2.1',
    behaviour:
      'A workload’s token goes to the token endpoint of the issuer that was named, once; what is refused is an error, without another try or another grant.',
    kind: 'guarantee',
  },
  C16: {
    source: 'elicitation §URL mode',
    behaviour:
      'A page that a server asks to open is shown whole with what is suspicious about it, and is neither fetched nor opened by our client; what is no web address is declined unseen.',
    kind: 'guarantee',
  },
  C18: {
    source: 'streamable HTTP §custom headers',
    behaviour:
      'Our client lists no tool whose mirrored headers break the rules, and no value that it mirrors begins or changes another header.',
    kind: 'guarantee',
  },
  C19: {
    source: 'patterns §multi round-trip requests',
    behaviour: 'The state of a server’s questions comes back byte for byte with the answers to them, and goes nowhere else.',
    kind: 'guarantee',
  },
  C1: {
    source: 'authorization server discovery §protected resource metadata',
    behaviour: 'Our client looks for a server’s metadata where its challenge says and nowhere else, else at the path, else at the root.',
    kind: 'guarantee',
  },
  C12: {
    source: 'authorization §refresh tokens',
    behaviour:
      'Our client shows a refresh token to the token endpoint that it came from and to nobody else, does without one, and asks for offline_access only where it is listed.',
    kind: 'guarantee',
  },
  C20: {
    source: 'caching §cache scope',
    behaviour:
      'What our client keeps of a server it uses for the same request of the same sign-in, as long as the server says; never what came of an answer to a question.',
    kind: 'guarantee',
  },
  C21: {
    source: 'base protocol §JSON Schema',
    behaviour:
      'No reference in a server’s schema is fetched by our client, none stalls it, and a result that does not hold its schema is withheld.',
    kind: 'guarantee',
  },
  C23: {
    source: 'base protocol §results',
    behaviour: 'A result of a type that our client does not know is no result.',
    kind: 'guarantee',
  },
  C24: {
    source: 'stdio §backward compatibility, product promise 2',
    behaviour:
      'A server that our client starts is asked what it speaks first, gets its arguments as they are written and no shell, and of our environment what was named and nothing else.',
    kind: 'guarantee',
  },
  'token-store': {
    source: 'SECURITY.md §the client',
    behaviour:
      'What a client keeps is sealed on disk and in no file in clear; a kill, a full or read-only disk and several processes at once lose no token and spend none twice; what was changed or moved does not open.',
    kind: 'guarantee',
  },
  'client-retention': {
    source: 'docs/retention.md §What a client keeps',
    behaviour:
      'Each class of record that a client keeps has a lifetime, and goes when nobody has used it for that long; what somebody is using, in whatever process, stays, and so do pins for as long as their account signs in.',
    kind: 'guarantee',
  },
  'client-bounds': {
    source: 'docs/configuration.md §Keys',
    behaviour: 'What anybody sends our client is bounded in bytes, depth and time before it is parsed.',
    kind: 'guarantee',
  },
  'client-servers': {
    source: 'product promise 2',
    behaviour:
      'Our client lists, calls and reads at servers that others wrote, over stdio, Streamable HTTP and secure WebSocket, guarded or not, in both revisions.',
    kind: 'guarantee',
  },
  'lying-server': {
    source: 'authorization, transports, OAuth 2.1',
    behaviour:
      'Whatever a server or an authorization server lies about, our client ends in time with an error that says so or does without; no token, code or secret goes elsewhere or is shown.',
    kind: 'guarantee',
  },
  RS1: {
    source: 'authorization §protected resource metadata',
    behaviour: 'Protected resource metadata names the endpoint and its authorization server.',
    kind: 'guarantee',
  },
  RS2: {
    source: 'authorization server discovery',
    behaviour: 'The metadata is at both well-known places, and every 401 says where.',
    kind: 'guarantee',
  },
  RS3: {
    source: 'authorization §token handling',
    behaviour: 'Nothing of a request is looked at before its credential is good.',
    kind: 'guarantee',
  },
  RS4: {
    source: 'authorization §token audience',
    behaviour: 'A token whose audience is not this server is refused.',
    kind: 'guarantee',
  },
  RS5: {
    source: 'authorization §token passthrough',
    behaviour: 'No token but one of our own is accepted, and none is sent on.',
    kind: 'guarantee',
  },
  RS6: {
    source: 'authorization §error handling',
    behaviour: 'An invalid token is 401, a missing scope 403, a credential presented twice 400.',
    kind: 'guarantee',
  },
  RS7: {
    source: 'authorization §token requirements',
    behaviour: 'A credential counts in a header, on every request, and never in a query string.',
    kind: 'guarantee',
  },
  RS8: {
    source: 'authorization §scope selection',
    behaviour: 'A 401 says which scopes to ask for.',
    kind: 'guarantee',
  },
  RS9: {
    source: 'authorization §insufficient scope',
    behaviour: 'A 403 names all the scopes that the operation needs, and where the metadata is.',
    kind: 'guarantee',
  },
  RS10: {
    source: 'authorization §scope hierarchies',
    behaviour:
      'Who has a scope may do what every scope that it implies permits, in calls, lists, challenges and tasks alike; a circle is refused at the start.',
    kind: 'guarantee',
  },
  'external-issuer': {
    source: 'RS3, RS4, RFC 9068 §4, RFC 8725',
    behaviour:
      'Of another issuer only an access token is accepted that it signed with an allowed asymmetric algorithm, for this server and for now; its subject is nobody of another issuer.',
    kind: 'guarantee',
  },
  'external-keys': {
    source: 'RFC 7517 §5, RFC 8414 §3.3',
    behaviour:
      'Keys are taken from metadata that names exactly the issuer; an unknown key is looked for once in half a minute, and in an outage known keys count for an hour at most.',
    kind: 'guarantee',
  },
  'external-revocation': {
    source: 'RFC 7662 §4',
    behaviour:
      'Where introspection is set, a token that its issuer revoked stops within two seconds, and none is accepted without an answer.',
    kind: 'guarantee',
  },
  RS11: {
    source: 'authorization §refresh tokens',
    behaviour: 'offline_access is neither in a challenge nor in the metadata.',
    kind: 'guarantee',
  },
  RS12: {
    source: 'security best practices §scope minimization',
    behaviour: 'Scopes that nothing needs are not offered, and there is no wildcard.',
    kind: 'guarantee',
  },
  RS13: {
    source: 'basic §statelessness',
    behaviour: 'No request counts on what an earlier one on the same connection has proven.',
    kind: 'guarantee',
  },
  RS14: {
    source: 'security best practices §session hijacking',
    behaviour: 'Having an id of a session, a task or a round is no credential.',
    kind: 'guarantee',
  },
  RS15: {
    source: 'security best practices §state handles',
    behaviour: 'What we hand out to be brought back is sealed, ends, and is good for whom it was given to.',
    kind: 'guarantee',
  },
  RS16: {
    source: 'MRTR §requestState',
    behaviour: 'A requestState that was changed or made up is refused, and nothing runs.',
    kind: 'guarantee',
  },
  RS17: {
    source: 'MRTR §requestState',
    behaviour: 'A requestState is good for the caller and the request it was given for, once, and for ten minutes.',
    kind: 'guarantee',
  },
  RS18: {
    source: 'MRTR §server requirements',
    behaviour: 'A caller is asked nothing that it has not declared: −32021 names all that is missing.',
    kind: 'guarantee',
  },
  RS19: {
    source: 'MRTR §supported requests',
    behaviour: 'Only calls, prompts and reads ask, and each question has a request or a state.',
    kind: 'guarantee',
  },
  RS20: {
    source: 'caching §cacheable results',
    behaviour: 'Every cacheable result says how long it is fresh and whose it is, the same on all pages of a list.',
    kind: 'guarantee',
  },
  RS21: {
    source: 'caching §cacheScope',
    behaviour:
      'A result says `public` only where everybody may read the resource, its author said so, and what made it did not look at who asks.',
    kind: 'guarantee',
  },
  RS22: {
    source: 'server/tools §Security Considerations',
    behaviour:
      'Arguments of a tool are checked before anything of it runs, in bounded time, by a schema that takes nothing undeclared; wrong ones are named by path and rule, never by value. Of calls that arrive together, as many run as the budget holds; another credential, session, revision, method or claimed address is not another budget.',
    kind: 'guarantee',
  },
  RS23: {
    source: 'tools §output schema',
    behaviour: 'A tool that has an output schema answers with structured content that conforms to it, or nothing of its answer leaves.',
    kind: 'guarantee',
  },
  RS24: {
    source: 'resources §capabilities',
    behaviour: 'What a list shows depends on what its reader may use, and on no connection and no earlier request.',
    kind: 'guarantee',
  },
  RS25: {
    source: 'resources §security considerations, §error handling',
    behaviour:
      'A URI is read only where it is surely one of a resource’s or template’s, after its permission; every other is answered in one way, and never with empty contents.',
    kind: 'guarantee',
  },
  RS26: {
    source: 'prompts §security',
    behaviour:
      'Arguments of a prompt keep to its parameters; what it answers has the shape of messages and leads to no resource that its reader may not have, or is withheld whole.',
    kind: 'guarantee',
  },
  RS27: {
    source: 'completion §security',
    behaviour:
      'A completion needs what its prompt needs, is checked going in and coming out, costs a budget, and is at most a hundred texts.',
    kind: 'guarantee',
  },
  RS28: {
    source: 'elicitation §sensitive information',
    behaviour: 'A form with a field that is named like a password, key, token or card number is not sent.',
    kind: 'detector',
  },
  RS29: {
    source: 'elicitation §URL mode',
    behaviour:
      'A page that a person is asked to open is https (or of this machine) and carries no credentials; an answer counts only from the principal who was asked.',
    kind: 'guarantee',
  },
  RS30: {
    source: 'basic §$ref resolution',
    behaviour:
      'No schema makes us fetch anything: one that refers outside itself, or is beyond the bounds on depth, parts and patterns, starts no server.',
    kind: 'guarantee',
  },
  RS31: {
    source: 'basic §clientInfo',
    behaviour: 'What a client calls itself opens nothing.',
    kind: 'guarantee',
  },
  RS32: {
    source: 'basic §_meta',
    behaviour: 'A field of _meta that is needed and missing is −32602 and 400.',
    kind: 'guarantee',
  },
  RS33: {
    source: 'logging §security',
    behaviour: 'Log messages go to a caller that asked for them, from its level on, redacted.',
    kind: 'guarantee',
  },
  RS34: {
    source: 'subscriptions',
    behaviour: 'A subscription begins with what was agreed; nothing is told that was not asked for or may not be read.',
    kind: 'guarantee',
  },
  RS35: {
    source: 'tools §x-mcp-header',
    behaviour: 'An argument that is named like a secret and mirrored in a header is warned of at the start, and is an error under strict.',
    kind: 'detector',
  },
  // Services and devices
  'A13-metadata': {
    source: 'MCP oauth-client-credentials §server metadata',
    behaviour:
      'The metadata names client_credentials, how clients may authenticate and with which signatures: all that is on, and nothing else.',
    kind: 'guarantee',
  },
  'A13-secret': {
    source: 'MCP oauth-client-credentials, OAuth 2.1 §2.4',
    behaviour:
      'A client that an operator registered gets a token for itself with its secret, in the way that it was registered for; nobody registers such a client himself.',
    kind: 'guarantee',
  },
  'A13-scope': {
    source: 'RFC 6749 §4.4.2, RFC 8707',
    behaviour:
      'A client’s own token is for this server, has the scopes that it was registered for at most, and all of them where it names none; there is no refresh token.',
    kind: 'guarantee',
  },
  'A13-assertion': {
    source: 'RFC 7523 §3, MCP oauth-client-credentials',
    behaviour:
      'An assertion is good for its client, this server, once and for ten minutes at most, signed with a key and an algorithm that were registered.',
    kind: 'guarantee',
  },
  'A13-certificate': {
    source: 'RFC 8705 §2',
    behaviour:
      'A client certificate counts where it is the registered one, or bears the registered name and an authority of the operator’s has signed it; a header counts from a trusted proxy alone.',
    kind: 'guarantee',
  },
  'A13-bound': {
    source: 'RFC 8705 §3',
    behaviour: 'A token that was got with a certificate is refused on every connection that has not shown it.',
    kind: 'guarantee',
  },
  'A13-ends': {
    source: 'RFC 7009, T21',
    behaviour: 'A client’s own tokens end with the client, and are worth no more than what it is registered for now.',
    kind: 'guarantee',
  },
  'device-polling': {
    source: 'RFC 8628 §3.5',
    behaviour: 'A device learns that the answer is pending, that it asks too often, that it was refused, and that its code has expired.',
    kind: 'guarantee',
  },
  'device-once': {
    source: 'RFC 8628 §3.4, §5.2',
    behaviour:
      'Of all who confirm a user code one goes on, and of all who redeem a device code one gets tokens; a code is good for its own client alone.',
    kind: 'guarantee',
  },
  'device-phishing': {
    source: 'RFC 8628 §5.4, §3.3.1',
    behaviour:
      'A code that came in a link is never sent by itself: who asks, from where and for what is shown before anybody signs in, with a warning.',
    kind: 'guarantee',
  },
  'device-guessing': {
    source: 'RFC 8628 §5.1',
    behaviour: 'User codes cannot be guessed: how many an address may try is bounded, and a wrong code tells nothing.',
    kind: 'guarantee',
  },
  'device-forms': {
    source: 'RFC 8628 §5, OAuth 2.1 §7',
    behaviour: 'The pages of the device flow take forms of their own page and browser alone, and cannot be framed.',
    kind: 'guarantee',
  },
  // Bound tokens
  'A15-metadata': {
    source: 'SEP-1932, RFC 9449 §5.1',
    behaviour: 'The metadata lists what proofs may be signed with: asymmetric algorithms only.',
    kind: 'guarantee',
  },
  'A15-bound': {
    source: 'SEP-1932, RFC 9449 §5, §6',
    behaviour: 'A token that is asked for with a proof names its key (`cnf.jkt`), has the type DPoP, and is renewed for that key only.',
    kind: 'guarantee',
  },
  'A15-required': {
    source: 'SEP-1932, RFC 9449 §5.2',
    behaviour: 'A client that has registered `dpop_bound_access_tokens` gets no token without a proof.',
    kind: 'guarantee',
  },
  'A15-proof': {
    source: 'SEP-1932, RFC 9449 §4.3',
    behaviour:
      'Each request with a bound token brings a proof by the token’s key, of this method, URL and token, with a public key and an asymmetric algorithm; a WebSocket brings one as it is opened.',
    kind: 'guarantee',
  },
  'A15-time': {
    source: 'SEP-1932',
    behaviour:
      'At the endpoint a proof is from within five minutes of now, whatever nonce it carries; at the token endpoint a nonce of ours says so, too.',
    kind: 'guarantee',
  },
  'A15-once': {
    source: 'RFC 9449 §11.1',
    behaviour: 'Of any number of requests with one proof, one is let through.',
    kind: 'guarantee',
  },
  'A15-refusal': {
    source: 'SEP-1932, RFC 9449 §7',
    behaviour:
      'A bound token as a bearer token, a free one under DPoP, and a proof that is wrong get 401 with a challenge that says which and with what to sign.',
    kind: 'guarantee',
  },
  'A15-audience': {
    source: 'SEP-1932',
    behaviour: 'A bound token is good at the server it was issued for, until it expires or is revoked, like any other.',
    kind: 'guarantee',
  },
  'A15-nonce': {
    source: 'RFC 9449 §8, §9',
    behaviour:
      'Where nonces are wanted, a proof without one of ours is answered with one; each is good for minutes, at every process with the same keys.',
    kind: 'guarantee',
  },
  par: {
    source: 'RFC 9126',
    behaviour: 'What a client has pushed is stored within bounds, stands whatever the browser adds, and ends in one authorization at most.',
    kind: 'guarantee',
  },
  introspection: {
    source: 'RFC 7662 §2',
    behaviour:
      'Only clients that authenticate learn of a token: those that an operator registered of any, others of their own; of one that is not good nothing but that.',
    kind: 'guarantee',
  },
  // Transports
  TR1: {
    source: 'transports §Security',
    behaviour:
      'An Origin that is present and not allowed is refused with 403 on every transport that has one, before anything is upgraded or read.',
    kind: 'guarantee',
  },
  TR2: {
    source: 'transports §Security',
    behaviour: 'Unless told otherwise, only loopback is bound, and every connection needs a credential.',
    kind: 'guarantee',
  },
  TR8: {
    source: 'streamable-http §Sessions',
    behaviour:
      'A 2026-07-28 request has no session: GET and DELETE are 405, a session id that comes along is ignored, and none is given out.',
    kind: 'guarantee',
  },
  TR9: {
    source: 'streamable-http §Streams',
    behaviour: 'An event stream tells proxies not to buffer it, and is kept alive by comments.',
    kind: 'guarantee',
  },
  TR14: {
    source: '2025-11-25 transports §Session Management',
    behaviour: 'A session id is unguessable and visible ASCII, belongs to whoever began it, and is answered with 404 once it has ended.',
    kind: 'guarantee',
  },
  websocket: {
    source: 'product promise 2',
    behaviour:
      'Every message on a WebSocket passes the whole pipeline with the credential of its upgrade; once that is revoked or has expired, nothing more is executed and the socket is closed.',
    kind: 'guarantee',
  },
  TR3: {
    source: 'streamable-http §server validation',
    behaviour: 'Version, method and name in the headers must be those in the body: else −32020 and 400.',
    kind: 'guarantee',
  },
  TR4: {
    source: 'streamable-http §custom headers',
    behaviour: 'An argument that a header mirrors must agree with it, decoded.',
    kind: 'guarantee',
  },
  TR5: {
    source: 'versioning',
    behaviour: 'An unknown version is −32022 with those that are spoken, an unknown method −32601 and 404.',
    kind: 'guarantee',
  },
  TR6: {
    source: 'streamable-http §sending messages',
    behaviour: 'A body is one request or notification: batches and stray responses are refused.',
    kind: 'guarantee',
  },
  TR7: {
    source: 'cancellation',
    behaviour: 'A caller that hangs up, or a deadline, ends the work.',
    kind: 'guarantee',
  },
  TR10: {
    source: 'streamable-http §protocol version header',
    behaviour: 'Without a version header a request is a legacy one, or is refused.',
    kind: 'guarantee',
  },
  TR11: {
    source: 'stdio',
    behaviour: 'Over stdio there are only messages on stdout, and the environment says who is calling.',
    kind: 'guarantee',
  },
  TR12: {
    source: 'stdio §backward compatibility',
    behaviour: 'Whatever a legacy server answers to the probe, it is recognized; a modern one is never initialized.',
    kind: 'guarantee',
  },
  TR13: {
    source: 'basic §error codes',
    behaviour: 'No error has a code that the specification forbids.',
    kind: 'guarantee',
  },
  RS36: {
    source: 'SEP-2663 §security implications',
    behaviour:
      'A task is good for the principal who began it, while it may use the tool, under an id sealed for it; who has not declared the extension is given none, and what a task asks and brings is judged like a call’s.',
    kind: 'guarantee',
  },
  // People
  'no-enumeration': {
    source: 'OWASP ASVS 5.0 §6.3.8',
    behaviour:
      'Whether an account exists, is switched off, or has a second factor or passkey shows neither in what a wrong sign-in is answered nor in how long it takes.',
    kind: 'guarantee',
  },
  'password-spraying': {
    source: 'NIST SP 800-63B-4 §3.2.2',
    behaviour:
      'An address that tries a password on many names is slowed down whatever the names, and passwords that everybody tries first cannot be chosen; nobody is locked out by it.',
    kind: 'guarantee',
  },
  'one-time-code': {
    source: 'RFC 6238 §5.2',
    behaviour:
      'A one-time code counts once, within one step of now; whoever has the password gets some hundred tries a day at most, wherever they try from and however many sign-ins they begin.',
    kind: 'guarantee',
  },
  'recovery-code': {
    source: 'NIST SP 800-63B-4 §4.2.1',
    behaviour: 'A recovery code is stored as a MAC, counts for one account and one caller, once, and ends with the next ten.',
    kind: 'guarantee',
  },
  'second-factor': {
    source: 'NIST SP 800-63B-4 §2.2',
    behaviour:
      'Where one-time codes are on, a password alone signs nobody in; what it gives is good for that one sign-in, five minutes, five tries, and not after a new password.',
    kind: 'guarantee',
  },
  passkey: {
    source: 'WebAuthn Level 3 §7.2',
    behaviour:
      'A passkey signs in at our origin alone, once a challenge, for the sign-in that asked, after its device has verified the person; a copied one is found by its counter.',
    kind: 'guarantee',
  },
  'new-password': {
    source: 'OWASP ASVS 5.0 §7.4.3',
    behaviour: 'A new password ends every session but the one that set it, and every sign-in that is half way.',
    kind: 'guarantee',
  },
  'ended-account': {
    source: 'OWASP ASVS 5.0 §7.4.2',
    behaviour:
      'An account that is switched off or removed signs nobody in and its tokens and sessions stop within a second; whoever has its name later has nothing of it.',
    kind: 'guarantee',
  },
  'one-time-link': {
    source: 'OWASP Forgot Password Cheat Sheet',
    behaviour:
      'An invitation or a link for a new password works once, in its time, for the name and roles that an operator fixed; it takes over no account and goes round no second factor.',
    kind: 'guarantee',
  },
  // The pipeline's own promises
  'deny-by-default': {
    source: 'product promise 1',
    behaviour: 'A tool that nobody classed needs tools:execute; a list shows only what its reader may use.',
    kind: 'guarantee',
  },
  fuzzed: {
    source: 'docs/architecture.md §Architecture',
    behaviour: 'Of made-up requests only those run a tool that a caller with its scope could have sent, and each is answered in time.',
    kind: 'guarantee',
  },
  guide: {
    source: 'Security in MCP',
    behaviour: 'Each block of code of the guide runs as it stands, against a live server.',
    kind: 'guarantee',
  },
  'one-order': {
    source: 'docs/architecture.md §Architecture',
    behaviour: 'No stage of the pipeline can be skipped or reordered: such code does not compile.',
    kind: 'guarantee',
  },
  'hidden-names': {
    source: 'docs/server.md §Permissions',
    behaviour: 'A name that is hidden from a caller is answered exactly as one that does not exist.',
    kind: 'guarantee',
  },
  'catalogue-search': {
    source: 'docs/context.md §A catalogue that is too large',
    behaviour:
      'A search for tools answers what its caller may use, in an order that tells nothing of the rest. What is called by way of it is limited, permitted, checked and recorded as the tool itself.',
    kind: 'guarantee',
  },
  'catalogue-cut': {
    source: 'docs/context.md §A catalogue that is too large',
    behaviour: 'A description that is cut for a list is always cut in the same place, and what is checked and compared is the whole.',
    kind: 'guarantee',
  },
  'key-servers': {
    source: 'docs/server.md §Permissions',
    behaviour:
      'A key for some servers of a gateway neither sees nor reaches what the others have: it is answered as if that were not there.',
    kind: 'guarantee',
  },
  'certificates-verified': {
    source: 'MCP01 token exposure, OWASP TLS, RFC 9700 §2.6',
    behaviour:
      'Every connection that the product makes verifies the certificate of the other side: one that is signed by itself, has ended or is for another name hears no request, whatever NODE_TLS_REJECT_UNAUTHORIZED says.',
    kind: 'guarantee',
  },
  'key-in-url': {
    source: '2026-07-28 authorization §token requirements',
    behaviour: 'A key or token in a query string is no credential: it is refused, and no log, record or upstream has it.',
    kind: 'guarantee',
  },
  'key-roll': {
    source: 'MCP01 token exposure',
    behaviour:
      'A rolled key ends with its overlap, or at once; its successor may do the same and is the same caller; of simultaneous rolls one wins.',
    kind: 'guarantee',
  },
  'key-use': {
    source: 'MCP01 token exposure',
    behaviour:
      'When, from where and with which client a key was last used is kept; it is written at most once a minute for each key, and no call waits for it.',
    kind: 'guarantee',
  },
  'personal-keys': {
    source: 'MCP07 authentication',
    behaviour:
      'A key of a person has the roles that they have now and ends with their account; to a later account of the same name it is nothing.',
    kind: 'guarantee',
  },
  'grant-use': {
    source: 'MCP02 scope creep',
    behaviour:
      'When and from where access that a person gave was last used is kept, written at most once a minute for each, and no call waits for it.',
    kind: 'guarantee',
  },
  'access-taken-back': {
    source: 'MCP02 scope creep',
    behaviour:
      'A person sees which programs may do what in their name, and what they take back ends at once, for one program, one sign-in of it, or all.',
    kind: 'guarantee',
  },
  'recent-sign-in': {
    source: 'MCP07 authentication',
    behaviour:
      'New keys, and changes to how a person signs in, need a sign-in of the last ten minutes in that browser; taking access away never does.',
    kind: 'guarantee',
  },
  'own-account': {
    source: 'MCP10 over-sharing',
    behaviour: 'No page or form of a person’s account shows or changes anything of another, whatever id it is given.',
    kind: 'guarantee',
  },
  'account-forms': {
    source: 'MCP07 authentication',
    behaviour:
      'A form of the account is good in the session that it was shown in, for what it was shown for, and nowhere else; an ended session opens no page.',
    kind: 'guarantee',
  },
  'own-activity': {
    source: 'MCP08 audit',
    behaviour:
      'A person sees what was done in their name and nothing of another, also where another issuer or an earlier account has the same name.',
    kind: 'guarantee',
  },
  'key-pattern': {
    source: 'MCP01 token exposure',
    behaviour: 'Every key is found by the published pattern, and what only looks like one is told by its last six characters.',
    kind: 'guarantee',
  },
  'signing-keys': {
    source: 'docs/architecture.md §The provider and its keys',
    behaviour:
      'Signing keys change without a restart: the next one is published before it signs, earlier ones verify until their tokens have expired, and what a key signed that is said to be compromised is refused within a second, by every process.',
    kind: 'guarantee',
  },
  'bounded-input': {
    source: 'docs/configuration.md §Keys',
    behaviour: 'Bodies, nesting, lists, duplicate keys, encodings and batches are refused with a clear error, before anything runs.',
    kind: 'guarantee',
  },
  'bounded-output': {
    source: 'docs/configuration.md §Keys',
    behaviour: 'A result over its budget is withheld, not cut.',
    kind: 'guarantee',
  },
  'only-this-machine': {
    source: 'T30, product promise 1',
    behaviour:
      'What is for this machine alone answers nobody who is not known to be of it: not a caller whose address an app does not tell, nor one without a credential that a proxy stands before; and no Host chooses the issuer.',
    kind: 'guarantee',
  },
  'unread-answers': {
    source: 'docs/configuration.md §Keys',
    behaviour:
      'A caller that does not read its answers has no further request of its connection begun; what waits for it is bounded in bytes for each caller, and is dropped with its connection in time.',
    kind: 'guarantee',
  },
  'ended-sessions': {
    source: '2025-11-25 lifecycle',
    behaviour: 'A session on a connection begins once and ends with it: nothing that it subscribed to is watched any longer.',
    kind: 'guarantee',
  },
  'subscription-bounds': {
    source: 'docs/configuration.md §Keys',
    behaviour:
      'What one caller wants to hear of is bounded over all its streams and sessions together, and what is kept of it in bytes; what a session without a stream wants to hear of is given up in time.',
    kind: 'guarantee',
  },
  'opaque-errors': { source: 'SDK issue 1429', behaviour: 'What a tool’s code throws never reaches the caller.', kind: 'guarantee' },
  rounds: {
    source: 'MRTR §server requirements',
    behaviour:
      'What a call needs of its caller is asked only where the caller has declared it, in either era, and what it carries meanwhile is good for the same caller, the same request, once and for ten minutes.',
    kind: 'guarantee',
  },
  tasks: {
    source: 'SEP-2663',
    behaviour:
      'A task is found before it is told of, goes on without its caller within bounds, ends once as the call would have, is sealed where it is kept, and is failed, not stuck, when the process that ran it dies.',
    kind: 'guarantee',
  },
  limits: {
    source: 'tools §security',
    behaviour: 'Each address, principal, client and tool has a budget; a spent one is 429 with when to return.',
    kind: 'guarantee',
  },
  'caller-address': {
    source: 'RFC 7239 §8.1',
    behaviour:
      'The address of a caller is the peer’s, or what a proxy that was named says last: nothing that the caller writes changes it.',
    kind: 'guarantee',
  },
  'limit-answer': {
    source: 'the guide §rate limiting',
    behaviour:
      'A rateLimit.handler shows a refusal and decides nothing: whatever it does, nothing runs, the record stands, and the caller is answered in bounded time.',
    kind: 'guarantee',
  },
  conditions: {
    source: 'docs/architecture.md §Architecture',
    behaviour: 'A rule on arguments that is not met, or cannot be decided, refuses; no arguments make deciding it throw or take long.',
    kind: 'guarantee',
  },
  // Callers with nobody to ask
  A14: {
    source: 'SEP-990, ext-auth enterprise-managed authorization §4.3, §5.1',
    behaviour:
      'An ID-JAG counts only of a trusted issuer, for this server alone, for the client that authenticated, within its time, with its own type, and signed with a key that its issuer publishes.',
    kind: 'guarantee',
  },
  'id-jag-once': { source: 'RFC 7523 §3', behaviour: 'Of any number of simultaneous uses of one ID-JAG, one wins.', kind: 'guarantee' },
  'token-exchange': {
    source: 'RFC 8693',
    behaviour:
      'An exchanged token has no scope, audience or life that the first has not, stays bound to its key, says who acts, and ends with it; nobody gets a refresh token.',
    kind: 'guarantee',
  },
  'workload-identity': {
    source: 'SEP-1933, RFC 7523 §3',
    behaviour:
      'A workload gets what a rule of the operator gives its subject, for a quarter of an hour, on one assertion that its platform made for this server; a wildcard never reaches past a colon.',
    kind: 'guarantee',
  },
  'issuer-keys': {
    source: 'SEP-1933, RFC 8725 §3',
    behaviour:
      'Keys of an issuer are fetched from where it or the operator says, asymmetric ones only; a key that is unknown has them fetched once more, at most every half minute.',
    kind: 'guarantee',
  },
  revocation: {
    source: 'RFC 7009',
    behaviour:
      'A revoked key, grant or client stops working within a second, from whichever process it was revoked, and its subscriptions end; a call that runs already may end.',
    kind: 'guarantee',
  },
  'one-time': {
    source: 'OAuth 2.1 §4.1.2',
    behaviour: 'Of any number of simultaneous redemptions of one code, one wins.',
    kind: 'guarantee',
  },
  'master-key': {
    source: 'docs/vault.md §The master key',
    behaviour:
      'The master key is replaced while everything goes on, and a kill at any step loses nothing; afterwards the old one opens nothing, neither what there is nor, with an old copy of all, what comes later.',
    kind: 'guarantee',
  },
  vault: {
    source: 'docs/vault.md, T13',
    behaviour:
      'What is stored sealed has a data key for its kind and its person, and opens at its record, field, kind and person alone; a key that is shredded opens nothing from then on, in any process, and is in no part of its file.',
    kind: 'guarantee',
  },
  'vault-start': {
    source: 'docs/vault.md §When a key is missing',
    behaviour:
      'Where the master key, the file of the data keys or the right one of them is not there, nothing is opened, nothing is made in its place, and the error names what is missing.',
    kind: 'guarantee',
  },
  'sealed-secrets': {
    source: 'docs/storage-schema.md §The keys',
    behaviour: 'Signing keys and credentials are stored sealed or hashed; a sealed value moved elsewhere does not open.',
    kind: 'guarantee',
  },
  'named-secrets': {
    source: 'docs/upstream-credentials.md §Secrets by name',
    behaviour:
      'A secret that has a name is stored sealed, at its name and its person; no command, page, list, log or record shows it, and no process has it in its arguments.',
    kind: 'guarantee',
  },
  'own-secrets': {
    source: 'docs/upstream-credentials.md §A process for each person',
    behaviour:
      'A person’s own secret goes into that person’s requests and process alone, and what was set for an account that is gone or made anew stands for nobody.',
    kind: 'guarantee',
  },
  cors: {
    source: 'Fetch §3.3, the guide',
    behaviour:
      'No page of another origin may use the endpoint unless its exact origin was named; then it can read every answer, refusals too, and use no method or header field beyond those listed.',
    kind: 'guarantee',
  },
  tls: {
    source: 'product promise 1',
    behaviour:
      'Nothing but loopback is served without TLS 1.2 or 1.3, unless a proxy that ends it was named; whoever lacks a required client certificate is never heard.',
    kind: 'guarantee',
  },
  'pages-for-everybody': {
    source: 'WCAG 2.2 AA',
    behaviour:
      'Every page can be used with a keyboard, a screen reader (axe-core finds nothing), on a narrow screen and without JavaScript; passkeys alone need it.',
    kind: 'guarantee',
  },
  'known-secrets': {
    source: 'MCP01',
    behaviour:
      'A value handed to an upstream as a secret is taken out of results, errors and logs, also as base64, hex, URL- or JSON-encoded.',
    kind: 'guarantee',
  },
  'hidden-characters': {
    source: 'ANSI and Unicode smuggling (T40)',
    behaviour:
      'Control, tag, bidi, zero-width and other invisible characters are taken out of the arguments and the messages of a server’s prompts, and counted; where a script or an emoji needs one, it stays.',
    kind: 'guarantee',
  },
  'terminal-text': {
    source: 'ANSI and Unicode smuggling (T40)',
    behaviour:
      'Nothing that a server says drives the terminal of whoever calls it from the command line, hides or turns text there, or passes for a question of ours.',
    kind: 'guarantee',
  },
  'terminal-consent': {
    source: 'C16, elicitation §security',
    behaviour:
      'From the command line no form is sent and no page opened before somebody at the terminal agreed to the whole of it; without a terminal, neither is.',
    kind: 'guarantee',
  },
  'prompt-boundaries': {
    source: 'RS26, prompts §security',
    behaviour:
      'No value given to a prompt template changes the text around its place, adds a message or a placeholder, closes its boundary or begins a line.',
    kind: 'guarantee',
  },
  'personal-rules': {
    source: 'MCP10 context over-sharing',
    behaviour:
      'Personal data that is found in results, errors, prompts, resources and notifications is masked, hashed, dropped or replaced as its entry or the server says.',
    kind: 'detector',
  },
  'personal-signs': {
    source: 'MCP10 context over-sharing',
    behaviour:
      'What a sign stands for is kept sealed for the person that the result was for, is put into arguments only for callers with the scope, and is gone with its time, with the person and with the key.',
    kind: 'guarantee',
  },
  'secret-found': {
    source: 'MCP01',
    behaviour:
      'A secret that is taken out of what an entry answers is an audit event of its own, with kinds, number and the call, without the secret.',
    kind: 'guarantee',
  },
  'secret-patterns': {
    source: 'MCP01',
    behaviour: 'Strings that look like credentials are masked in results, errors and logs.',
    kind: 'detector',
  },
  T07: {
    source: 'MCP04 supply chain',
    behaviour:
      'A package that a guarded server is run from is an exact version that somebody chose, with the bytes that were pinned, and so is everything that it depends on: anything else is not started.',
    kind: 'guarantee',
  },
  T24: {
    source: 'Local server compromise',
    behaviour:
      'A server of the configuration that is not as it was accepted, or that has come to others that were, is not started and nothing is sent to it until it is accepted: its command, arguments, folder, variables and grants, or its URL, headers and how people are known there.',
    kind: 'guarantee',
  },
  'sandbox-grants': {
    source: 'Local server compromise (security_best_practices)',
    behaviour:
      'A grant says what it looks like: a host that hides characters or has two readings is refused, a star stands for names below a domain alone, and a link that leads elsewhere later grants nothing.',
    kind: 'guarantee',
  },
  'sandbox-depths': {
    source: 'Local server compromise (security_best_practices)',
    behaviour:
      'A depth that was demanded is never replaced by a lesser one, what a depth cannot hold is refused before anything starts, and what is missing is named.',
    kind: 'guarantee',
  },
  'sandbox-node-permission': {
    source: 'Local server compromise (security_best_practices)',
    behaviour:
      'Where Node’s permissions are the depth, code that does not attack Node itself reads and writes what was granted alone, has no network unless one was granted, and gets no signal to another process.',
    kind: 'detector',
  },
  'sandbox-explained': {
    source: 'Local server compromise: show what is run, before it is',
    behaviour:
      'What a tool or a server could reach is told before it is started, and doctor says how deep the sandbox is and why not deeper.',
    kind: 'guarantee',
  },
  'sandbox-network': {
    source: 'T22, T37, docs/sandbox.md §Network',
    behaviour:
      'What runs in a sandbox connects to the hosts and ports that it was granted and to nothing else: a name leads to public addresses that were checked, TLS and HTTP on the connection name that host, and each connection, made or refused, is on record.',
    kind: 'guarantee',
  },
  'sandbox-system-calls': {
    source: 'T07, Local server compromise (security_best_practices)',
    behaviour:
      'What runs in a bubblewrap sandbox gets no system call that leads to other processes, mounts, namespaces, kernel modules, keys or uncounted memory, in no ABI of its architecture.',
    kind: 'guarantee',
  },
  'sandbox-bounds': {
    source: 'T07, Local server compromise (security_best_practices)',
    behaviour:
      'Memory and processor time of all processes of a sandbox together, their number, what they keep in memory and what they take of a disk are bounded; what goes beyond is ended, and why is said.',
    kind: 'guarantee',
  },
  'sandbox-mounts': {
    source: 'T32, Local server compromise (security_best_practices)',
    behaviour:
      'What is shown to a sandbox is what was there when it was granted: a link or another folder put in its place afterwards shows nothing else.',
    kind: 'guarantee',
  },
  'snippet-nothing-ambient': {
    source: 'MCP05 command injection & execution',
    behaviour:
      'Code that a caller sends finds nothing but the language and the tools that it was granted: no network, files, timers, modules, process.',
    kind: 'guarantee',
  },
  'snippet-bounds': {
    source: 'MCP05 command injection & execution',
    behaviour:
      'Code that loops, recurses, allocates, blocks in native code or says too much is stopped, its caller is told why, and others are answered meanwhile.',
    kind: 'guarantee',
  },
  'snippet-pipeline': {
    source: 'MCP02 scope creep, RS22',
    behaviour:
      'What a snippet asks of a tool goes through the whole pipeline as its caller: it can call nothing that its caller could not, nor more often, nor what snippets were not granted.',
    kind: 'guarantee',
  },
  'snippet-results': {
    source: 'MCP10 context over-sharing',
    behaviour:
      'What may not leave to a caller does not come into their snippets either; the rest is whole there, and what the snippet returns is bounded like any result.',
    kind: 'guarantee',
  },
  'snippet-record': {
    source: 'MCP08 audit',
    behaviour: 'Each call that a snippet makes has a record of its own, which names the decision on the snippet.',
    kind: 'guarantee',
  },
  'snippet-lines': {
    source: 'MCP05 command injection & execution',
    behaviour:
      'A child that has broken out of its interpreter can say no more than one that has not: every bound on calls is kept outside it.',
    kind: 'guarantee',
  },
  'sandbox-read': {
    source: 'Local server compromise, CVE-2025-53109',
    behaviour:
      'What runs in a sandbox reads its own program and what it was granted, and no other file: not by a link, a path, a descriptor, a device or what the kernel tells of processes.',
    kind: 'guarantee',
  },
  'sandbox-uncovered': {
    source: 'Local server compromise, T32',
    behaviour:
      'Where another file takes the place of one that is hidden in a folder that something in a sandbox sees, what runs there is ended within a moment and its callers are told why; what is started in its stead sees neither file.',
    kind: 'guarantee',
  },
  'sandbox-write': {
    source: 'Local server compromise, CVE-2025-53110',
    behaviour:
      'What runs in a sandbox changes what it was granted for writing and nothing else: neither its own code, nor the system, nor settings of the kernel.',
    kind: 'guarantee',
  },
  'sandbox-net': {
    source: 'Local server compromise, T37',
    behaviour:
      'Without a grant nothing that runs in a sandbox reaches a socket outside: no address of this machine or of another, by TCP, UDP or DNS, no socket of a path outside of what it was granted, and none of a name alone.',
    kind: 'guarantee',
  },
  'sandbox-folder': {
    source: 'MCP04 supply chain, Local server compromise',
    behaviour:
      'A module of a folder of tools is granted what it asks for within what whoever loads the folder allows, and nothing where nothing is allowed: one that asks for more stops the start.',
    kind: 'guarantee',
  },
  'sandbox-run': {
    source: 'MCP05 command injection & execution',
    behaviour: 'A tool starts no process, thread or machine code but the programs that it was granted, and these are held as it is.',
    kind: 'guarantee',
  },
  'sandbox-kernel': {
    source: 'Local server compromise',
    behaviour:
      'What runs in a sandbox is a user of its own with no capability and no way to gain one, in namespaces of its own; it sees, traces and signals no process outside, and the calls of the kernel that it has no use for are refused.',
    kind: 'guarantee',
  },
  'sandbox-limits': {
    source: 'LLM10 unbounded consumption',
    behaviour:
      'Time, processor time, memory, processes, files in memory, the disk and output are bounded: what uses more is ended, and its caller is told what of.',
    kind: 'guarantee',
  },
  'sandbox-others': {
    source: 'LLM10 unbounded consumption',
    behaviour: 'While one call in a sandbox uses all that it can, the calls of others are answered.',
    kind: 'guarantee',
  },
  'sandbox-principals': {
    source: 'MCP10 cross-session leak',
    behaviour:
      'What a tool of one principal leaves in memory, in files of its own or in its environment, no other principal’s call finds; nobody answers for another, and what is answered changes nothing in the server.',
    kind: 'guarantee',
  },
  'sandbox-vulnerable': {
    source: 'T32, T33, DVMCP 3 and 8',
    behaviour: 'A server in a sandbox that checks its paths, arguments or code badly or not at all reaches no more than it was granted.',
    kind: 'guarantee',
  },
  'sandbox-left-behind': {
    source: 'Local server compromise',
    behaviour: 'When a server or a child ends, however it ends, everything that it started and all that was mounted for it is gone.',
    kind: 'guarantee',
  },
  'sandbox-servers': {
    source: 'Local server compromise, T07, T24',
    behaviour:
      'A guarded command runs in a sandbox unless somebody says otherwise: it sees its own program, a home of its own and what it was granted, never a home of people, what is Sallyport’s own, or a variable of ours. Where there is no sandbox that is said, and whoever was to run in one is not started.',
    kind: 'guarantee',
  },
  T33: {
    source: 'CVE-2025-68143, 68144, 68145, CVE-2026-27735',
    behaviour:
      'Arguments that would be options of a program, or paths outside of what a server is for, are refused by a rule before they reach it, and write and read nothing outside where no rule stands.',
    kind: 'guarantee',
  },
}

/** Called in a test file for the rows that it proves. */
export function verifies(...ids: readonly string[]): void {
  for (const id of ids) assert.ok(Object.hasOwn(requirements, id), `test/requirements.ts has no row "${id}"`)
}
