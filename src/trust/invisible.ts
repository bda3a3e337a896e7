/**
 * Where an invisible character is part of ordinary writing: joiners in emoji and in scripts whose letters join, word breaks in
 * scripts without spaces, one variation selector behind what varies. Everywhere else it is only good for hiding.
 *
 * Each rule wants a visible neighbour of the right script, so that of a run at most one stays. Fails closed: a character that no
 * rule knows is not needed.
 *
 * @module
 */

/** The last two characters that were kept, and the next two as they stand in the text; empty at its ends. */
export interface Around {
  readonly before: string
  readonly beforeThat: string
  readonly next: string
  readonly afterNext: string
}

const pictograph = /^\p{Extended_Pictographic}$/u
/** What may stand between a pictograph and its joiner: a skin tone or an emoji presentation selector. */
const modifier = /^[\p{Emoji_Modifier}\ufe0f]$/u

const hidden = /^\p{Default_Ignorable_Code_Point}$/u
const letter = /^[[\p{L}\p{M}]--\p{Default_Ignorable_Code_Point}]$/v
const visibleMark = /^[\p{M}--\p{Default_Ignorable_Code_Point}]$/v

/** Letters and marks of the scripts that shape a letter by its neighbours: Arabic and its relatives, and the scripts of Brahmi. */
const joining = scripts(
  '[\\p{L}\\p{M}]',
  'Arab Syrc Mand Mong Nkoo Phag Mani Adlm Rohg Sogd Sogo Chrs Phlp Ougr Deva Beng Guru Gujr Orya Taml Telu Knda Mlym ' +
    'Sinh Khmr Mymr Tibt Bali Java Sund Batk Bugi Buhd Cakm Cham Diak Dogr Gong Gonm Gran Hano Kali Kthi Khoj Lana Lepc ' +
    'Limb Mahj Maka Marc Modi Mtei Mult Nand Newa Rjng Saur Shrd Sidd Sind Soyo Sylo Tagb Takr Tglg Tirh Zanb Brah Bhks ' +
    'Ahom Kawi',
)
/** Scripts that put no space between words, so that a zero-width space says where a line may break. */
const spaceless = scripts('[\\p{L}\\p{M}\\p{N}\\p{P}]', 'Thai Laoo Khmr Mymr Lana Tale Talu Tavt Cham Java Bali Sund Tibt Kali')

/** Which characters the standardized variants are of: emoji and other symbols, digits, ideographs, and letters of a few scripts. */
const varies =
  /^[[[[\p{S}\p{P}]--\p{ASCII}]\p{Emoji}\p{Ideographic}\p{scx=Mymr}\p{scx=Phag}\p{scx=Mani}\p{Script=Egyp}]--\p{Default_Ignorable_Code_Point}]$/v
const ideograph = /^\p{Ideographic}$/u
const mongolian = /^[[\p{scx=Mong}\p{scx=Phag}]&&\p{L}]$/v
const khmer = /^[\p{Script=Khmer}&&\p{L}]$/v
const leadingJamo = /^[\u1100-\u115e\ua960-\ua97c]$/u
const vowelJamo = /^[\u1161-\u11a7\ud7b0-\ud7c6]$/u
const musical = /^[[\u{1d100}-\u{1d1ff}]--\p{Default_Ignorable_Code_Point}]$/v
const duployan = /^[\p{Script=Duployan}--\p{Default_Ignorable_Code_Point}]$/v

/** `code`: an invisible character other than a bidi control, a tag or a byte order mark. */
export function isNeeded(code: number, { before, beforeThat, next, afterNext }: Around): boolean {
  const either = (set: RegExp): boolean => set.test(before) || (set.test(next) && !hidden.test(before))
  if (code === 0x200d && pictograph.test(next) && (pictograph.test(before) || (modifier.test(before) && pictograph.test(beforeThat))))
    return true
  // A joiner may stand behind the last letter of a word, and a non-joiner between a word in Latin and its Persian ending.
  if (code === 0x200c || code === 0x200d) return either(joining)
  if (code === 0x200b) return either(spaceless)
  if (code >= 0xfe00 && code <= 0xfe0f) return varies.test(before)
  if (code >= 0xe0100 && code <= 0xe01ef) return ideograph.test(before)
  // A syllable has two letters or more; one soft hyphen behind each letter is no hyphenation.
  if (code === 0x00ad) return [beforeThat, before, next, afterNext].every((one) => letter.test(one))
  if (code === 0x034f) return either(visibleMark)
  if (code >= 0x180b && code <= 0x180f) return mongolian.test(before)
  if (code === 0x17b4 || code === 0x17b5) return khmer.test(before)
  if (code === 0x115f) return vowelJamo.test(next)
  if (code === 0x1160) return leadingJamo.test(before)
  if (code >= 0x1d173 && code <= 0x1d17a) return either(musical)
  if (code >= 0x1bca0 && code <= 0x1bca3) return duployan.test(before)
  return false
}

function scripts(of: string, codes: string): RegExp {
  const any = codes
    .split(' ')
    .map((name) => `\\p{scx=${name}}`)
    .join('')
  return new RegExp(`^[[${any}]&&[${of}--\\p{Default_Ignorable_Code_Point}]]$`, 'v')
}
