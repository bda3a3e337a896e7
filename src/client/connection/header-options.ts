/**
 * Headers that a program adds to its requests. They are for what stands in front of a server (a gateway, a tenant); what the protocol,
 * HTTP and signing in say themselves cannot be said here, and no cookie: a server that went by one would be open to any page.
 *
 * @module
 */

import { z } from 'zod'

const RESERVED = new Set([
  'accept',
  'accept-charset',
  'accept-encoding',
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-type',
  'cookie',
  'cookie2',
  'dpop',
  'expect',
  'host',
  'keep-alive',
  'last-event-id',
  'origin',
  'proxy-authorization',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
])
const isReserved = (name: string): boolean => RESERVED.has(name.toLowerCase()) || /^(?:mcp|sec|proxy)-/i.test(name)

/** RFC 9110 §5.1. */
export const headerName: z.ZodType<string> = z
  .string()
  .regex(/^[!#$%&'*+\-.^_`|~0-9A-Za-z]{1,128}$/, 'must be the name of a header')
  .refine((name) => !isReserved(name), 'is a header of the protocol, of HTTP or of signing in, or a cookie')

const headerValue = z
  .string()
  .max(8192)
  .regex(/^[\x21-\x7e](?:[\x20-\x7e]*[\x21-\x7e])?$/, 'must be visible ASCII')

export const headers: z.ZodType<Record<string, string>> = z.record(headerName, headerValue)
