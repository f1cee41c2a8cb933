import { setTimeout as delay } from 'node:timers/promises';
import { destination, type Logger, pino } from 'pino';
import { type AccessLog, accessText } from './access-log.ts';

const gatheredBytes = 32_768;
/** So much is written whole to a pipe that others write to as well (`PIPE_BUF`); of more they get between. */
const wholeBytes = 4_096;
const flushEveryMs = 100;
const stuckAfterMs = 5000;
/** Of what nobody takes, or no disk has room for. */
const keptBytes = 64 * 1024 * 1024;

/** Lines on their way to stdout: they gather for a moment, for a write per request costs more than the line. */
class GatheredLines {
  readonly #out: ReturnType<typeof destination>;
  readonly #most: number;
  readonly #timer = setInterval(() => this.#give(), flushEveryMs).unref();
  #gathered: Buffer;
  #used = 0;
  #written: Promise<void> = Promise.resolve();
  #allWritten: () => void = () => {};
  #lost = 0;

  /** `onLost` is told, once there is room again, how many bytes there was none for. */
  constructor(most: number, onLost: (bytes: number) => void) {
    this.#most = most;
    this.#gathered = Buffer.allocUnsafeSlow(most);
    const out = destination({
      dest: 1,
      sync: false,
      contentMode: 'buffer',
      maxLength: keptBytes,
      maxWrite: most,
    });
    this.#out = out;
    out.on('drop', ({ length }: Buffer) => (this.#lost += length));
    out.on('drain', () => {
      this.#allWritten();
      if (this.#lost > 0) onLost(this.#lost);
      this.#lost = 0;
    });
    // a full disk is no reason to serve nobody: it is tried again with the next lines, but not at the end, and for ever
    const flush = out.flushSync.bind(out);
    out.on('error', () => {
      out.flushSync = () => {};
      this.#allWritten();
    });
    out.on('write', () => (out.flushSync = flush));
  }

  /** Written out as bytes at once: texts that were put together and not yet read would fill the memory until then. */
  write(line: string): void {
    // a character has three bytes at most
    if (line.length * 3 > this.#most) {
      this.#give();
      return this.#hand(Buffer.from(line));
    }
    if (this.#used + line.length * 3 > this.#most) this.#give();
    this.#used += this.#gathered.write(line, this.#used);
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
    if (this.#used === 0) return;
    this.#hand(this.#gathered.subarray(0, this.#used));
    this.#gathered = Buffer.allocUnsafeSlow(this.#most);
    this.#used = 0;
  }

  #hand(bytes: Buffer): void {
    this.#written = new Promise((resolve) => {
      this.#allWritten = resolve;
    });
    this.#out.write(bytes as unknown as string);
  }
}

const ownLogs = new WeakMap<Logger, AccessLog>();
const ownLines = new WeakMap<Logger, GatheredLines>();

/**
 * The log of the process, on stdout; nothing is lost of what is taken there, whatever ends the process but kill -9. `shared`:
 * other processes write to the same stdout.
 */
export function openLog(level: string, name: string, shared = false): Logger {
  const lines = new GatheredLines(shared ? wholeBytes : gatheredBytes, (bytes) =>
    log.warn({ bytes }, 'lines of this log are lost: nobody took them, or the disk was full'),
  );
  process.on('exit', () => lines.end());
  const log: Logger = pino({ level, base: { name } }, lines);
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
