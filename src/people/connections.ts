/**
 * What a person's account is connected with elsewhere: guarded servers at which they have an account of their own. Implemented by
 * the gateway; shown, begun and ended on the account page. No credential crosses this seam towards a page.
 *
 * @module
 */

export interface Connection {
  /** Our own id of the server, or of the secret. */
  readonly id: string
  readonly kind: 'oauth' | 'secret'
  /** What a person reads: the host that they sign in at, or what the secret is called. */
  readonly title: string
  /** The servers that it is for. */
  readonly servers: readonly string[]
  readonly state: 'connected' | 'missing' | 'ended'
  /** Milliseconds since the epoch. */
  readonly since?: number | undefined
  readonly lastUsedAt?: number | undefined
}

/** Whoever begins a connection, and at which browser: what comes back counts only for both. */
export interface Connecting {
  /** As `Principal.user` names them. */
  readonly user: string
  /** The id of their browser session. */
  readonly session: string
}

export interface Connections {
  list(user: string): Promise<readonly Connection[]>
  /**
   * Where to send the browser, to connect `id`. `redirectUri`: where it comes back to, another for each `id`
   * (`/account/connections/ID/callback`): what one server is told is then of no use at the next (RFC 9700 §4.4.2.2).
   */
  begin(id: string, who: Connecting, redirectUri: string): Promise<{ readonly location: string } | { readonly problem: string }>
  /** What the browser brought back to `redirectUri`, to the same person at the same browser; anybody else's is refused and used up. */
  finish(who: Connecting, callback: URLSearchParams, redirectUri: string): Promise<{ readonly id: string } | { readonly problem: string }>
  /** Keeps a value of the person's own, sealed. */
  setSecret(id: string, user: string, value: string): Promise<{ readonly problem: string } | undefined>
  /** Forgets it, and tells the other side where that can be told (RFC 7009). False where there was none. */
  end(id: string, user: string): Promise<boolean>
}
