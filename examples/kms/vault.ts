/**
 * Data keys wrapped by HashiCorp Vault (or OpenBao), with its transit engine: `SALLYPORT_KMS=./vault.ts`.
 *
 *   vault secrets enable transit && vault write -f transit/keys/sallyport
 *   VAULT_ADDR=https://vault.example.com VAULT_TOKEN=… SALLYPORT_KMS=./vault.ts sallyport guard …
 *
 * The token needs `update` on transit/encrypt/sallyport and transit/decrypt/sallyport, and `read` on transit/keys/sallyport. After
 * `vault write -f transit/keys/sallyport/rotate`, `sallyport keys rotate` wraps all anew.
 */

import type { KeyWrapper } from 'sallyport'

export interface Transit {
  readonly address: string
  readonly token: string
  readonly key?: string
  readonly mount?: string
}

export function createVaultTransit({ address, token, key = 'sallyport', mount = 'transit' }: Transit): KeyWrapper {
  async function ask(path: string, body?: object): Promise<{ status: number; data: Record<string, unknown> }> {
    const response = await fetch(new URL(`/v1/${mount}/${path}`, address), {
      method: body ? 'POST' : 'GET',
      headers: { 'x-vault-token': token },
      ...(body && { body: JSON.stringify(body) }),
      redirect: 'error',
      signal: AbortSignal.timeout(10_000),
    })
    const { data = {} } = (await response.json().catch(() => ({}))) as { data?: Record<string, unknown> }
    return { status: response.status, data }
  }
  const base64 = (value: Uint8Array | string): string => Buffer.from(value).toString('base64')
  // `vault:v3:…`: the version of the key is in front.
  const idOf = (ciphertext: string): string => `${mount}/${key}:${ciphertext.split(':')[1]}`

  return {
    async current() {
      const { status, data } = await ask(`keys/${key}`)
      if (status !== 200) throw new Error(`Vault answers ${status} when it is asked for the key ${key}`)
      return `${mount}/${key}:v${String(data['latest_version'])}`
    },
    async wrap(plaintext, context) {
      const { status, data } = await ask(`encrypt/${key}`, { plaintext: base64(plaintext), associated_data: base64(context) })
      const { ciphertext } = data
      if (status !== 200 || typeof ciphertext !== 'string') throw new Error(`Vault answers ${status} when it is to encrypt`)
      return { keyId: idOf(ciphertext), wrapped: ciphertext }
    },
    async unwrap(_, wrapped, context) {
      const { status, data } = await ask(`decrypt/${key}`, { ciphertext: wrapped, associated_data: base64(context) })
      // It was not wrapped with this key, or not for this.
      if (status === 400) return undefined
      if (status !== 200) throw new Error(`Vault answers ${status} when it is to decrypt`)
      return Buffer.from(String(data['plaintext']), 'base64')
    },
  }
}

export default function fromEnvironment(): KeyWrapper {
  const { VAULT_ADDR: address, VAULT_TOKEN: token } = process.env
  if (!address || !token) throw new Error('VAULT_ADDR and VAULT_TOKEN say where Vault is, and who asks')
  return createVaultTransit({ address, token })
}
