/**
 * Data keys wrapped by Google Cloud KMS: `npm install @google-cloud/kms`, then `SALLYPORT_KMS=./gcp.ts` with the name of a symmetric key.
 *
 *   KMS_KEY_NAME=projects/…/locations/…/keyRings/…/cryptoKeys/sallyport SALLYPORT_KMS=./gcp.ts sallyport guard …
 *
 * Who runs this needs the roles `cloudkms.cryptoKeyEncrypterDecrypter` and `cloudkms.viewer` on it. Where the key has a new primary
 * version, `sallyport keys rotate` wraps all anew.
 */

import type { KeyWrapper } from 'sallyport'

/** What is used of the `KeyManagementServiceClient` of `@google-cloud/kms`. */
export interface GoogleKms {
  getCryptoKey(request: { name: string }): Promise<readonly [{ primary?: { name?: string | null } | null }, ...unknown[]]>
  encrypt(request: {
    name: string
    plaintext: Uint8Array
    additionalAuthenticatedData: Uint8Array
  }): Promise<readonly [{ name?: string | null; ciphertext?: Uint8Array | string | null }, ...unknown[]]>
  decrypt(request: {
    name: string
    ciphertext: Uint8Array
    additionalAuthenticatedData: Uint8Array
  }): Promise<readonly [{ plaintext?: Uint8Array | string | null }, ...unknown[]]>
}

/** gRPC's INVALID_ARGUMENT: it was wrapped with another key, for another context, or was changed. */
const INVALID_ARGUMENT = 3

export function createGoogleKms(client: GoogleKms, name: string): KeyWrapper {
  return {
    async current() {
      const [{ primary }] = await client.getCryptoKey({ name })
      if (!primary?.name) throw new Error('Google Cloud KMS has no primary version of this key')
      return primary.name
    },
    async wrap(key, context) {
      const [{ name: version, ciphertext }] = await client.encrypt({
        name,
        plaintext: key,
        additionalAuthenticatedData: Buffer.from(context),
      })
      if (!version || !ciphertext) throw new Error('Google Cloud KMS answered nothing')
      return { keyId: version, wrapped: Buffer.from(ciphertext as Uint8Array).toString('base64') }
    },
    async unwrap(_, wrapped, context) {
      try {
        const [{ plaintext }] = await client.decrypt({
          name,
          ciphertext: Buffer.from(wrapped, 'base64'),
          additionalAuthenticatedData: Buffer.from(context),
        })
        return plaintext ? Buffer.from(plaintext as Uint8Array) : undefined
      } catch (error) {
        if ((error as { code?: unknown }).code === INVALID_ARGUMENT) return undefined
        throw error
      }
    },
  }
}

export default async function fromEnvironment(): Promise<KeyWrapper> {
  const { KMS_KEY_NAME: name } = process.env
  if (!name) throw new Error('KMS_KEY_NAME says which key wraps')
  const { KeyManagementServiceClient } = (await import('@google-cloud/kms' as string)) as {
    KeyManagementServiceClient: new () => GoogleKms
  }
  return createGoogleKms(new KeyManagementServiceClient(), name)
}
