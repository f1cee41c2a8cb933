import { stripVTControlCharacters } from 'node:util';

const mark = /^[✓✔✗✘·…→▌$] /;

/** Where the text of a line goes on in the next one: below its value after a gap, else below its first word. */
function hangOf(line: string, width: number): number {
  const label = /^ *(?:\S+ )*?\S+ {2,}/.exec(line)?.[0] ?? '';
  const start = label !== '' && label.length <= width / 2 ? label.length : line.search(/\S/);
  return start + (mark.test(line.slice(start)) ? 2 : 0);
}

/** Not between a number and its unit. */
const blank = / (?!(?<=\d )(?:%|ms|s|min|kB|MB|GB)(?!\w))/;

const seen = (text: string): number => stripVTControlCharacters(text).length;

/**
 * Lines of at most `width` characters, words whole; a word that alone is longer stands in a line of its own. Colours have no
 * width.
 */
export function wrap(line: string, width: number): string[] {
  if (seen(line) <= width) return [line];
  const hang = hangOf(stripVTControlCharacters(line), width);
  const lines: string[] = [];
  const [first = '', ...words] = line.split(blank);
  let rest = first;
  let begins = false;
  for (const word of words) {
    if (begins) {
      rest += word;
      begins = word === '';
    } else if (seen(rest) > hang && seen(rest) + 1 + seen(word) > width) {
      lines.push(rest.trimEnd());
      rest = ' '.repeat(hang) + word;
      begins = word === '';
    } else rest += ` ${word}`;
  }
  return [...lines, rest];
}
