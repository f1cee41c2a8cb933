const mark = /^[✓✔✗✘·…→▌$] /;

/** Where the text of a line goes on in the next one: below its value after a gap, else below its first word. */
function hangOf(line: string, width: number): number {
  const label = /^ *(?:\S+ )*?\S+ {2,}/.exec(line)?.[0] ?? '';
  const start = label !== '' && label.length <= width / 2 ? label.length : line.search(/\S/);
  return start + (mark.test(line.slice(start)) ? 2 : 0);
}

/** Lines of at most `width` characters, words whole; a word that alone is longer stands in a line of its own. */
export function wrap(line: string, width: number): string[] {
  if (line.length <= width) return [line];
  const hang = hangOf(line, width);
  const lines: string[] = [];
  let rest = line;
  while (rest.length > width) {
    const from = lines.length === 0 ? hangOf(line, width) : hang;
    const before = rest.lastIndexOf(' ', width);
    const cut = before > from ? before : rest.indexOf(' ', Math.max(from, width));
    if (cut < 0) break;
    lines.push(rest.slice(0, cut).trimEnd());
    rest = `${' '.repeat(hang)}${rest.slice(cut).trimStart()}`;
  }
  return [...lines, rest];
}
