import { withoutValues } from '../database/without-values.ts';
import type { Writable } from 'node:stream';
import { createInterface } from 'node:readline/promises';
import { styleText } from 'node:util';
import { StranglerError } from '@strangler-toolkit/plan';
import type { Progress } from '../steps/toolkit.ts';
import { wrap } from '../wrap.ts';
import { type LogEntry, logLine, type LogSettings } from './log-line.ts';

/** Where a command's data and talk go; those of the process unless a program runs it. */
export interface Streams {
  readonly stdout: Writable & { readonly isTTY?: boolean; readonly columns?: number };
  readonly stderr: Writable & { readonly isTTY?: boolean; readonly columns?: number };
}

type Style = Parameters<typeof styleText>[0];

const levelOfKind = {
  started: 'info',
  done: 'info',
  failed: 'error',
  note: 'info',
} as const;

/**
 * Data goes to stdout, talk to stderr. A terminal gets one line that changes; anything else plain lines, or JSON where the
 * settings say so.
 */
export class Terminal {
  readonly #live: boolean;
  #open = false;
  #lastPlain = 0;
  readonly #log: LogSettings;
  readonly #streams: Streams;

  constructor(log: LogSettings = { format: 'text', level: 'info' }, streams: Streams = process) {
    this.#log = log;
    this.#streams = streams;
    this.#live = streams.stderr.isTTY === true && process.env.TERM !== 'dumb';
  }

  /** As it is: what the parser has to say. */
  raw(stream: keyof Streams, text: string): void {
    this.#streams[stream].write(text);
  }

  /** Colours only where stdout shows them (NO_COLOR and pipes are respected). Texts take it along by itself. */
  readonly style = (format: Style, text: string): string =>
    styleText(format, text, { stream: this.#streams.stdout, validateStream: true });

  /** Words whole on a screen; a pipe has no width, and programs that read it want lines. */
  readonly wrapped = (text: string): string => {
    const { isTTY, columns = 80 } = this.#streams.stdout;
    const width = isTTY === true ? columns : Infinity;
    return text
      .split('\n')
      .flatMap((line) => wrap(line, width))
      .join('\n');
  };

  data(text: string): void {
    this.#clear();
    this.#streams.stdout.write(`${text}\n`);
  }

  talk(text: string): void {
    if (this.#log.format === 'json') return this.#write({ level: 'info', msg: text });
    this.#clear();
    this.#streams.stderr.write(`${text}\n`);
  }

  /** What ended the command. */
  fail(error: StranglerError): void {
    const { code, message, remedy } = error;
    if (this.#log.format === 'json')
      this.#write({ level: 'error', msg: withoutValues(error), fields: { code, remedy } });
    else this.talk(`${code}: ${message}\n${remedy}`);
  }

  #write(entry: LogEntry): void {
    const line = logLine(entry, this.#log.level, Date.now());
    if (line !== null) this.#streams.stderr.write(`${line}\n`);
  }

  readonly progress = ({ step, kind, text, level, fields }: Progress): void => {
    const json = this.#log.format === 'json';
    if (kind === 'update') {
      if (this.#live && !json) {
        this.#streams.stderr.write(
          `\r\u001B[2K… ${text.slice(0, Math.max(20, (this.#streams.stderr.columns ?? 80) - 3))}`,
        );
        this.#open = true;
      } else if (performance.now() - this.#lastPlain > 5000) {
        this.#lastPlain = performance.now();
        if (json) this.#write({ level: 'debug', msg: text, fields: { step, ...fields } });
        else this.#streams.stderr.write(`… ${text}\n`);
      }
      return;
    }
    if (json)
      return this.#write({
        level: level ?? levelOfKind[kind],
        msg: text,
        fields: { step, ...fields },
      });
    this.talk(`${{ started: '→', done: '✓', failed: '✗', note: '·' }[kind]} ${text}`);
  };

  /** @throws StranglerError CONFIRMATION_NEEDED where nobody can answer, CANCELLED on "no" */
  async confirm(question: string, signal: AbortSignal): Promise<void> {
    if (process.stdin.isTTY !== true || process.stderr.isTTY !== true)
      throw new StranglerError('CONFIRMATION_NEEDED', question);
    const prompt = createInterface({ input: process.stdin, output: process.stderr });
    const nothing = (): StranglerError => new StranglerError('CANCELLED', 'Nothing was changed');
    // Ctrl-C and Ctrl-D close the prompt, and the question would never be answered.
    const closed = new Promise<string>((_resolve, reject) =>
      prompt.once('close', () => reject(nothing())),
    );
    try {
      const asked = prompt.question(`${question} [y/N] `, { signal }).catch((): never => {
        throw nothing();
      });
      const answer = await Promise.race([asked, closed]);
      if (!/^y(es)?$/i.test(answer.trim())) throw nothing();
    } finally {
      prompt.close();
    }
  }

  #clear(): void {
    if (this.#open) this.#streams.stderr.write('\r\u001B[2K');
    this.#open = false;
  }
}
