import { styleText } from 'node:util';

/** Talks to whoever watches. With --json the talk goes to stderr, so that stdout is the one object at the end. */
export class Screen {
  readonly #out: NodeJS.WriteStream;
  readonly #began = performance.now();

  constructor(json: boolean) {
    this.#out = json ? process.stderr : process.stdout;
  }

  #style(format: Parameters<typeof styleText>[0], text: string): string {
    return styleText(format, text, { stream: this.#out });
  }

  get seconds(): number {
    return (performance.now() - this.#began) / 1_000;
  }

  line(text = ''): void {
    this.#out.write(`${text}\n`);
  }

  chapter(title: string): void {
    this.line();
    this.line(
      `${this.#style('bold', `▌ ${title}`)}  ${this.#style('dim', `${this.seconds.toFixed(0)} s`)}`,
    );
  }

  why(text: string): void {
    this.line(this.#style('dim', `  ${text}`));
  }

  command(text: string): void {
    this.line(`  ${this.#style('cyan', `$ ${text}`)}`);
  }

  output(text: string): void {
    this.line(`    ${text}`);
  }

  good(text: string): void {
    this.line(`  ${this.#style('green', '✔')} ${text}`);
  }

  bad(text: string): void {
    this.line(`  ${this.#style('red', '✘')} ${text}`);
  }

  table(rows: readonly (readonly [what: string, value: string, good?: boolean])[]): void {
    const width = Math.max(...rows.map(([what]) => what.length));
    for (const [what, value, good] of rows) {
      const mark =
        good === undefined ? ' ' : good ? this.#style('green', '✔') : this.#style('red', '✘');
      this.line(`  ${mark} ${what.padEnd(width)}  ${value}`);
    }
  }
}
