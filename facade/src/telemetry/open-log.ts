import { destination, type Logger, pino } from 'pino';
import { type AccessLog, accessText } from './access-log.ts';

const gatheredCharacters = 32_768;
const flushEveryMs = 100;

/** Lines on their way to stdout: they gather for a moment, for a write per request costs more than the line. */
class GatheredLines {
  readonly #out = destination({ dest: 1, sync: false });
  readonly #timer = setInterval(() => this.#give(), flushEveryMs).unref();
  #text = '';

  write(line: string): void {
    this.#text += line;
    if (this.#text.length >= gatheredCharacters) this.#give();
  }

  /** What has gathered is written before this returns. */
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
    this.#out.write(this.#text);
    this.#text = '';
  }
}

const ownLogs = new WeakMap<Logger, AccessLog>();

/** The log of the process, on stdout; nothing of it is lost, whatever ends the process but kill -9. */
export function openLog(level: string, name: string): Logger {
  const lines = new GatheredLines();
  process.on('exit', () => lines.end());
  const log = pino({ level, base: { name } }, lines);
  const text = accessText(name);
  const write: AccessLog = (line) => lines.write(text(line, Date.now()));
  ownLogs.set(log, log.isLevelEnabled('info') ? write : () => {});
  return log;
}

/** Where a line per request goes: the short way for a log that was opened here, pino's for one that somebody brought. */
export const accessLogOf = (log: Logger): AccessLog =>
  ownLogs.get(log) ?? ((line) => log.info(line, 'request'));
