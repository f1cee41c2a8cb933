/** One dead letter a line, or over several lines to read it in full. */
export const deadLettersText = (letters: readonly unknown[], inFull: boolean): string =>
  letters.length === 0
    ? 'no open dead letters'
    : letters
        .map((letter) =>
          JSON.stringify(
            letter,
            (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value),
            inFull ? 2 : undefined,
          ),
        )
        .join('\n');
