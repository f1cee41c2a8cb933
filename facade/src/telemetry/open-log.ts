import { destination, type Logger, pino } from 'pino';

const bufferedBytes = 8_192;
const flushEveryMs = 100;

/**
 * The log of the process, on stdout. Lines gather for a moment and are written together, for a write per request costs more
 * than the line; what has gathered is written before the process ends, whatever ends it but kill -9.
 */
export function openLog(level: string, name: string): Logger {
  const out = destination({ dest: 1, sync: false, minLength: bufferedBytes });
  const timer = setInterval(() => out.flush(), flushEveryMs).unref();
  process.on('exit', () => {
    clearInterval(timer);
    try {
      out.flushSync();
    } catch {
      // nobody reads any more
    }
  });
  return pino({ level, base: { name } }, out);
}
