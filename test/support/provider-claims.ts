/** What ID tokens of well-known providers look like, as their documentation shows them. */

// developers.google.com/identity/openid-connect/openid-connect#an-id-tokens-payload
export const google = {
  iss: 'https://accounts.google.com',
  azp: '1234987819200.apps.googleusercontent.com',
  aud: '1234987819200.apps.googleusercontent.com',
  sub: '10769150350006150715113082367',
  at_hash: 'HK6E_P6Dh8Y93mRNtsDB1Q',
  hd: 'acme.example',
  email: 'jsmith@acme.example',
  email_verified: true,
  iat: 1353601026,
  exp: 1353604926,
  nonce: '0394852-3190485-2490358',
}

// learn.microsoft.com/entra/identity-platform/id-token-claims-reference
export const entra = {
  ver: '2.0',
  iss: 'https://login.microsoftonline.com/4f1a3b0e-52c7-4f0e-9a7e-1d1b4a5c7e21/v2.0',
  sub: 'AAAAAAAAAAAAAAAAAAAAAIkzqFVrSaSaFHy782bbtaQ',
  aud: '6cb04018-a3f5-46a7-b995-940c78f5aef3',
  exp: 1536361411,
  iat: 1536274711,
  name: 'Abe Lincoln',
  preferred_username: 'AbeLi@acme.example',
  email: 'AbeLi@acme.example',
  oid: '00000000-0000-0000-66f3-3332eca7ea81',
  tid: '4f1a3b0e-52c7-4f0e-9a7e-1d1b4a5c7e21',
  roles: ['Mcp.Write'],
  groups: ['07dd8a60-bf6d-4e17-8844-230b77145381'],
}

// auth0.com/docs/secure/tokens/id-tokens/id-token-structure, …/create-custom-claims
export const auth0 = {
  iss: 'https://acme.eu.auth0.com/',
  sub: 'auth0|507f191e810c19729de860ea',
  aud: 'sallyport',
  exp: 1311281970,
  iat: 1311280970,
  nickname: 'janedoe',
  name: 'Jane Doe',
  email: 'janedoe@acme.example',
  email_verified: true,
  'https://acme.example/roles': ['admin', 'editor'],
}

// developer.okta.com/docs/guides/customize-tokens-groups-claim
export const okta = {
  ver: 1,
  sub: '00uixa271s6x7qt8I0h7',
  iss: 'https://acme.okta.com',
  aud: 'sallyport',
  iat: 1478384110,
  exp: 1478387710,
  amr: ['pwd', 'mfa'],
  idp: '00oi7c9pwi7h9iQvw0h7',
  preferred_username: 'saml.jackson@acme.example',
  email: 'saml.jackson@acme.example',
  email_verified: true,
  groups: ['Everyone', 'MCP-Admins', 'MCP-Payments'],
}

// www.keycloak.org/docs/latest/server_admin: protocol mappers "User Realm Role" and "Group Membership", added to the ID token
export const keycloak = {
  exp: 1698923456,
  iat: 1698923156,
  iss: 'https://keycloak.example.com/realms/acme',
  aud: 'sallyport',
  sub: 'ce7ca1f2-218e-4e87-bff8-3dc0adfe206c',
  typ: 'ID',
  azp: 'sallyport',
  email_verified: true,
  name: 'Siegurd Schnätterchen',
  preferred_username: 'siegurd',
  email: 'siegurd@acme.example',
  realm_access: { roles: ['offline_access', 'mcp-writer'] },
  groups: ['/staff/payments'],
}
