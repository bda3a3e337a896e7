/** What a program says about encrypted fields, checked: strict, every problem named. @module */

import { z } from 'zod'

/** Nothing of this is needed: encrypted fields are encrypted without being asked. It says what is believed at first sight. */
export interface EncryptionOptions {
  /** Thumbprints (RFC 7638) of the identities that may vouch for keys, as `sallyport keys payload` prints them: no other is believed. */
  readonly identities?: readonly string[] | undefined
  /** As whom the server must see the caller; unless told, the one that it says first. */
  readonly principal?: string | undefined
  /** What must be encrypted: `tool.field`, with further dots where a field is inside another. A call of the tool is refused where it is not. */
  readonly require?: readonly string[] | undefined
}

export const encryption: z.ZodType<EncryptionOptions> = z.strictObject({
  identities: z
    .array(z.string().regex(/^[A-Za-z0-9_-]{43}$/, 'must be the thumbprint of an identity, 43 characters'))
    .min(1)
    .max(100)
    .optional(),
  principal: z.string().min(1).max(1024).optional(),
  require: z
    .array(
      z
        .string()
        .max(1024)
        .regex(/^[^.].*\..*[^.]$/, 'must be a tool and a field of it, such as pay.card'),
    )
    .max(1000)
    .optional(),
})
