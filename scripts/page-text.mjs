/** A page as text, as it is read from top to bottom: boxes, choices and buttons as marks. For documents that show a page. */

const entities = { amp: '&', lt: '<', gt: '>', quot: '"', '#39': "'" }

/** @param {string} html the inside of `<main>` */
export const pageText = (html) =>
  html
    // The browser's own: nobody sees it.
    .replace(/<input type="hidden"[^>]*>/g, '')
    .replace(/\s+/g, ' ')
    .replace(/<input type="checkbox"([^>]*)>\s*/g, (_, rest) => (rest.includes('checked') ? '[x] ' : '[ ] '))
    .replace(/<input type="radio"([^>]*)>\s*/g, (_, rest) => (rest.includes('checked') ? '(o) ' : '( ) '))
    .replace(/<button[^>]*>(.*?)<\/button>/g, ' [ $1 ] ')
    .replace(/<span class="tag[^"]*">(.*?)<\/span>/g, '($1)')
    .replace(/<summary>(.*?)<\/summary>/g, '\n      > $1:')
    .replace(/<ul class="names">(.*?)<\/ul>/g, (_, names) => ` ${names.replace(/<\/li>\s*<li>/g, ', ').replace('<li>', '')}`)
    .replace(/<div class="buttons[^"]*">/g, '\n\n')
    .replace(/<(h1|h2|p|fieldset|footer)\b[^>]*>/g, '\n\n')
    .replace(/<li>/g, '\n  ')
    .replace(/<br>/g, '\n')
    .replace(/<[^>]*>/g, '')
    .replace(/&(amp|lt|gt|quot|#39);/g, (_, name) => entities[name])
    .split('\n')
    .map((line) => (line.match(/^ */)?.[0] ?? '') + line.trim().replace(/ +/g, ' '))
    .map((line) => (line.trim() === '' ? '' : line.replace(/^ (?! )/, '')))
    .join('\n')
    .replace(/\n{3,}/g, '\n\n')
    .trim()
