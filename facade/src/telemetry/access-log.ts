/** What one line says about one request. */
export interface AccessLine {
  readonly method: string;
  readonly path: string;
  readonly status: number;
  readonly context: string;
  readonly route: string;
  readonly target: string;
  readonly reason: string;
  readonly epoch: string;
  readonly traceId: string;
  readonly requestId: string;
  readonly ms: number;
  /** Left out when undefined. */
  readonly aborted: true | undefined;
}
export type AccessLog = (line: AccessLine) => void;

/** The pino level `info`. */
const info = 30;
const quoted = (text: string): string => JSON.stringify(text);

let latest = { now: Number.NaN, text: '' };
/** Written out once a millisecond, not once a line. */
function digits(now: number): string {
  if (latest.now !== now) latest = { now, text: String(now) };
  return latest.text;
}

/** Of a thousandth each, as JSON tells it behind a whole number. */
const fractions = Array.from({ length: 1_000 }, (_, index) => String(index / 1_000).slice(1));
/** Three digits at most behind the point; to print whole numbers is quicker. */
function milliseconds(ms: number): string {
  const thousandths = Math.round(ms * 1_000);
  const rest = thousandths % 1_000;
  return `${(thousandths - rest) / 1_000}${fractions[rest] ?? ''}`;
}

/**
 * The text that pino would make of it, for a logger of this name without serializers. There is a line for every request, and
 * pino's way (an object walked over, each of its texts looked at) took a tenth of what a request costs. Only what a client or a
 * context file may spell is escaped: all else is digits, letters and hyphens.
 */
export function accessText(name: string): (line: AccessLine, now: number) => string {
  const named = `,"name":${quoted(name)},"method":"`;
  return (line, now) =>
    `{"level":${info},"time":${digits(now)}${named}${line.method}","path":${quoted(line.path)},"status":${line.status},` +
    `"context":${quoted(line.context)},"route":${quoted(line.route)},"target":"${line.target}","reason":"${line.reason}",` +
    `"epoch":"${line.epoch}","traceId":"${line.traceId}","requestId":"${line.requestId}","ms":${milliseconds(line.ms)}` +
    `${line.aborted ? ',"aborted":true' : ''},"msg":"request"}\n`;
}
