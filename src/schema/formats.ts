/**
 * The formats of texts that are checked: those that a form may ask for (2026-07-28 elicitation §requestedSchema), and `uuid`. JSON
 * Schema leaves it open whether `format` binds (2020-12 validation §7.2). Here it does where we or the author said it, in a form and
 * in definitions written as JSON Schema; it does not in an upstream's schema, whose author may have meant it as a hint, nor in one
 * that a library emitted, which runs rules of its own.
 *
 * Every test is linear in a text that is short: a longer one is of no format.
 *
 * @module
 */

/** `noted`: a hint for whoever reads the schema. */
export type Formats = 'checked' | 'noted'

type Test = (text: string) => boolean

const DAY_MINUTES = 24 * 60

/** RFC 3339 §5.6 full-date, of a day that there is. */
function isDate(text: string): boolean {
  const date = /^\d{4}-\d\d-\d\d$/.test(text) ? new Date(`${text}T00:00:00Z`) : undefined
  // What is beyond the end of a month would be taken for the next one.
  return date !== undefined && !Number.isNaN(date.getTime()) && date.toISOString().startsWith(text)
}

/** RFC 3339 §5.6 date-time: always with its offset, and a leap second only where there can be one (§5.7). */
function isDateTime(text: string): boolean {
  const [, date = '', hour, minute, second, sign, offsetHour = '0', offsetMinute = '0'] =
    /^(\d{4}-\d\d-\d\d)t([01]\d|2[0-3]):([0-5]\d):([0-5]\d|60)(?:\.\d+)?(?:z|([+-])([01]\d|2[0-3]):([0-5]\d))$/i.exec(text) ?? []
  if (!isDate(date)) return false
  const offset = (sign === '-' ? -1 : 1) * (Number(offsetHour) * 60 + Number(offsetMinute))
  const minutes = (Number(hour) * 60 + Number(minute) - offset + DAY_MINUTES) % DAY_MINUTES
  return second !== '60' || minutes === DAY_MINUTES - 1
}

/** RFC 5321 §4.1.2 without quoted names and address literals: what a form of HTML takes. */
function isEmail(text: string): boolean {
  const at = text.lastIndexOf('@')
  const local = text.slice(0, at)
  const isLocal = local.length <= 64 && /^[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*$/.test(local)
  return (
    at > 0 &&
    isLocal &&
    text
      .slice(at + 1)
      .split('.')
      .every(isLabel)
  )
}
const isLabel = (text: string): boolean => text.length <= 63 && /^[a-z\d-]+$/i.test(text) && !text.startsWith('-') && !text.endsWith('-')

/** RFC 3986 §3: with a scheme, and of its characters alone. One of the web is one that can be called. */
const isUri = (text: string): boolean =>
  /^[a-z][a-z\d+.-]*:(?:[\w.~:/?[\]@!$&'()*+,;=-]|%[\da-f]{2})*(?:#(?:[\w.~:/?@!$&'()*+,;=-]|%[\da-f]{2})*)?$/i.test(text) &&
  (!/^https?:/i.test(text) || (/^https?:\/\//i.test(text) && URL.canParse(text)))

/** RFC 9562 §4. */
const isUuid = (text: string): boolean => /^[\da-f]{8}-(?:[\da-f]{4}-){3}[\da-f]{12}$/i.test(text)

const within =
  (characters: number, test: Test): Test =>
  (text) =>
    text.length <= characters && test(text)

/** One of those: any other is a hint wherever it stands. */
export const isFormat = (name: unknown): boolean => typeof name === 'string' && Object.hasOwn(formatTests, name)

export const formatTests: Readonly<Record<string, Test>> = {
  date: isDate,
  'date-time': within(64, isDateTime),
  email: within(254, isEmail),
  uri: within(8_192, isUri),
  uuid: isUuid,
}
