import { setTimeout as delay } from 'node:timers/promises';
import { destination, type Logger, pino } from 'pino';
import { type AccessLog, accessText } from './access-log.ts';

const gatheredCharacters = 32_768;
const flushEveryMs = 100;
const stuckAfterMs = 5000;

/** Lines on their way to stdout: they gather for a moment, for a write per request costs more than the line. */
class GatheredLines {
  readonly #out = destination({ dest: 1, sync: false });
  readonly #timer = setInterval(() => this.#give(), flushEveryMs).unref();
  #text = '';
  #written: Promise<void> = Promise.resolve();
  #allWritten: () => void = () => {};

  constructor() {
    this.#out.on('drain', () => this.#allWritten());
  }

  write(line: string): void {
    this.#text += line;
    if (this.#text.length >= gatheredCharacters) this.#give();
  }

  /** What has gathered stands where it was sent to, in its order; a reader that takes nothing is not waited for. */
  async written(): Promise<void> {
    this.#give();
    await Promise.race([this.#written, delay(stuckAfterMs, undefined, { ref: false })]);
  }

  /** What has gathered is written before this returns; beside a write that still runs it may come first. */
  end(): void {
    clearInterval(this.#timer);
    this.#give();
    try {
      this.#out.flushSync();
    } catch {
      // nobody reads any more
    }
  }

  #give(): void {
    if (this.#text === '') return;
    this.#written = new Promise((resolve) => {
      this.#allWritten = resolve;
    });
    this.#out.write(this.#text);
    this.#text = '';
  }
}

const ownLogs = new WeakMap<Logger, AccessLog>();
const ownLines = new WeakMap<Logger, GatheredLines>();

/** The log of the process, on stdout; nothing of it is lost, whatever ends the process but kill -9. */
export function openLog(level: string, name: string): Logger {
  const lines = new GatheredLines();
  process.on('exit', () => lines.end());
  const log = pino({ level, base: { name } }, lines);
  const text = accessText(name);
  const write: AccessLog = (line) => lines.write(text(line, Date.now()));
  ownLines.set(log, lines);
  ownLogs.set(log, log.isLevelEnabled('info') ? write : () => {});
  return log;
}

/** Where a line per request goes: the short way for a log that was opened here, pino's for one that somebody brought. */
export const accessLogOf = (log: Logger): AccessLog =>
  ownLogs.get(log) ?? ((line) => log.info(line, 'request'));

/** For the end of the process: its last lines are out, and none of them overtook another. */
export const logWritten = async (log: Logger): Promise<void> => ownLines.get(log)?.written();
