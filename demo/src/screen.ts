import { styleText } from 'node:util';
import { wrap } from '../../migration/src/wrap.ts';

type Format = Parameters<typeof styleText>[0];

/** Talks to whoever watches. With --json the talk goes to stderr, so that stdout is the one object at the end. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #began = performance.now();

  constructor(json: boolean) {
    this.#out = json ? process.stderr : process.stdout;
  }

  #style(format: Format, text: string): string {
    return styleText(format, text, { stream: this.#out });
  }

  /** A pipe has no width: programs that read it want lines. */
  get #width(): number {
    return this.#out.isTTY ? this.#out.columns || 80 : Infinity;
  }

  /** Good is green and bad is red, whoever says it. */
  #judged(line: string): string {
    return line
      .replaceAll(/[✓✔]/g, (mark) => this.#style('green', mark))
      .replaceAll(/[✗✘]|BROKEN/g, (mark) => this.#style('red', mark))
      .replace(
        /^( *)([…·→])/,
        (_, indent: string, mark: string) => indent + this.#style('cyan', mark),
      );
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1_000;
  }

  line(text = '', styled: (line: string) => string = (line) => line): void {
    for (const line of wrap(text, this.#width)) this.#out.write(`${styled(line)}\n`);
  }

  chapter(title: string): void {
    this.line();
    // a blank that does not break
    const time = ` (${this.seconds.toFixed(0)}\u00A0s)`;
    this.line(`▌ ${title}${time}`, (line) =>
      line.endsWith(time)
        ? this.#style('bold', line.slice(0, -time.length)) + this.#style('dim', time)
        : this.#style('bold', line),
    );
  }

  why(text: string): void {
    this.line(`  ${text}`, (line) => this.#style('dim', line));
  }

  command(text: string): void {
    this.line(`  $ ${text}`, (line) => this.#style('cyan', line));
  }

  output(text: string): void {
    this.line(`    ${text}`, (line) => this.#judged(line));
  }

  good(text: string): void {
    this.line(`  ✔ ${text}`, (line) => this.#judged(line));
  }

  bad(text: string): void {
    for (const line of `✘ ${text}`.split('\n'))
      this.line(`  ${line}`, (part) => this.#judged(part));
  }

  /** As it is, to be copied. */
  copied(lines: readonly string[]): void {
    for (const line of lines) this.#out.write(`${line}\n`);
  }

  table(rows: readonly (readonly [what: string, value: string, good?: boolean])[]): void {
    const width = Math.max(...rows.map(([what]) => what.length));
    for (const [what, value, good] of rows) {
      const mark = good === undefined ? ' ' : good ? '✔' : '✘';
      this.line(`  ${mark} ${what.padEnd(width)}  ${value}`, (line) => this.#judged(line));
    }
  }
}
