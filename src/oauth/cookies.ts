/**
 * How the cookies are named and guarded. On https the prefixes bind them to this host and to TLS (RFC 6265bis §4.1.3);
 * two of the three are bound to a path, so that each tab has its own, and may not be called `__Host-`. Plain http exists
 * on loopback only, where cookies do not tell ports apart: the port is in the name.
 *
 * @module
 */

export interface CookieNames {
  readonly names: { readonly session: string; readonly interaction: string; readonly resume: string }
  readonly attributes: { readonly httpOnly: true; readonly sameSite: 'lax'; readonly signed: true; readonly overwrite: true }
}

export function createCookieNames(issuer: string): CookieNames {
  const { protocol, port } = new URL(issuer)
  const secure = protocol === 'https:'
  const plain = `sallyport${port === '' ? '' : `_${port}`}`
  return {
    names: {
      session: secure ? '__Host-sallyport_session' : `${plain}_session`,
      interaction: secure ? '__Secure-sallyport_interaction' : `${plain}_interaction`,
      resume: secure ? '__Secure-sallyport_resume' : `${plain}_resume`,
    },
    attributes: { httpOnly: true, sameSite: 'lax', signed: true, overwrite: true },
  }
}

/** The cookie of the person's session (`person-at-browser.ts`). It ends with the browser, and the session itself before long. */
export function personCookie(issuer: string): { readonly name: string; readonly attributes: string } {
  const { protocol, port } = new URL(issuer)
  if (protocol === 'https:') return { name: '__Host-sallyport_person', attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' }
  return { name: `sallyport${port === '' ? '' : `_${port}`}_person`, attributes: 'Path=/; HttpOnly; SameSite=Lax' }
}

/** By it a browser is known on the page where people sign in to their account, before they have. */
export function signInCookie(issuer: string): { readonly name: string; readonly attributes: string } {
  const { name, attributes } = personCookie(issuer)
  return { name: name.replace(/_person$/, '_sign_in'), attributes }
}
