/**
 * Data keys wrapped by AWS KMS: `npm install @aws-sdk/client-kms`, then `SALLYPORT_KMS=./aws.ts` with the id of a symmetric key.
 *
 *   AWS_REGION=eu-central-1 KMS_KEY_ID=arn:aws:kms:… SALLYPORT_KMS=./aws.ts sallyport guard …
 *
 * Who runs this needs `kms:Encrypt`, `kms:Decrypt` and `kms:DescribeKey`. AWS turns the material of a key over under the same id, by itself;
 * to go over to another key, set KMS_KEY_ID to it and run `sallyport keys rotate` while the old one still decrypts.
 */

import type { KeyWrapper } from 'sallyport'

/** What is used of the `KMS` class of `@aws-sdk/client-kms`. */
export interface AwsKms {
  describeKey(input: { KeyId: string }): Promise<{ KeyMetadata?: { Arn?: string | undefined } | undefined }>
  encrypt(input: {
    KeyId: string
    Plaintext: Uint8Array
    EncryptionContext: Record<string, string>
  }): Promise<{ CiphertextBlob?: Uint8Array | undefined; KeyId?: string | undefined }>
  decrypt(input: {
    KeyId: string
    CiphertextBlob: Uint8Array
    EncryptionContext: Record<string, string>
  }): Promise<{ Plaintext?: Uint8Array | undefined }>
}

/** What AWS calls that a value was wrapped with another key, for another context, or was changed. */
const elsewhere = ['InvalidCiphertextException', 'IncorrectKeyException']

export function createAwsKms(client: AwsKms, keyId: string): KeyWrapper {
  const contextOf = (context: string): Record<string, string> => ({ sallyport: context })
  return {
    async current() {
      const { KeyMetadata } = await client.describeKey({ KeyId: keyId })
      return KeyMetadata?.Arn ?? keyId
    },
    async wrap(key, context) {
      const answer = await client.encrypt({ KeyId: keyId, Plaintext: key, EncryptionContext: contextOf(context) })
      if (answer.CiphertextBlob === undefined) throw new Error('AWS KMS answered nothing')
      return { keyId: answer.KeyId ?? keyId, wrapped: Buffer.from(answer.CiphertextBlob).toString('base64') }
    },
    async unwrap(wrappedWith, wrapped, context) {
      try {
        const CiphertextBlob = Buffer.from(wrapped, 'base64')
        return (await client.decrypt({ KeyId: wrappedWith, CiphertextBlob, EncryptionContext: contextOf(context) })).Plaintext
      } catch (error) {
        if (elsewhere.includes((error as Error).name)) return undefined
        throw error
      }
    },
  }
}

export default async function fromEnvironment(): Promise<KeyWrapper> {
  const { KMS_KEY_ID: keyId } = process.env
  if (!keyId) throw new Error('KMS_KEY_ID says which key wraps')
  const { KMS } = (await import('@aws-sdk/client-kms' as string)) as { KMS: new (options: object) => AwsKms }
  return createAwsKms(new KMS({}), keyId)
}
