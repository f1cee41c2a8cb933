import { jsonText } from '../../json-text.ts';

/** One dead letter a line, or over several lines to read it in full. */
export const deadLettersText = (letters: readonly unknown[], inFull: boolean): string =>
  letters.length === 0
    ? 'no open dead letters'
    : letters.map((letter) => jsonText(letter, inFull ? 2 : undefined)).join('\n');
