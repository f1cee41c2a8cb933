import type { Watermark } from '../control/index.ts';

/** A worker that failed at something that may pass, and goes on by itself. */
export interface WorkerRetry {
  readonly code: string;
  readonly message: string;
  /** Until it tries again: 0, it tries now; `null`: a release before this one, which does not tell. */
  readonly inSeconds: number | null;
  /** Whether it was heard of when it should have been. */
  readonly heard: boolean;
}

/** What it failed at, and has not got past. */
export function workerFailure({
  state,
  detail,
}: Pick<Watermark, 'state' | 'detail'>):
  { readonly code: string; readonly message: string } | undefined {
  const failing = state === 'failed' ? detail : detail.failing;
  if (typeof failing !== 'object' || failing === null) return undefined;
  const [code, message]: unknown[] = [
    Reflect.get(failing, 'code'),
    Reflect.get(failing, 'message'),
  ];
  return typeof code === 'string' ? { code, message: String(message) } : undefined;
}

const endings = ['SLOT_LOST', 'POSITION_GAP', 'CONTROL_FELL_BACK'] as const;

/** Its code, where what it ended with is mended by another command than its own. */
export function workerEnded(
  watermark: Pick<Watermark, 'state' | 'detail'>,
): (typeof endings)[number] | undefined {
  const code = watermark.state === 'failed' ? workerFailure(watermark)?.code : undefined;
  return endings.find((ending) => ending === code);
}

/** What opening a stream takes where nothing answers. */
const longestTrySeconds = 30;
/** What a worker waits that does not tell. */
const longestPauseSeconds = 5;

/** Undefined: it has not failed, or only a person gets it going again. */
export function workerRetry({
  state,
  detail,
  heartbeatAgeSeconds,
}: Pick<Watermark, 'state' | 'detail' | 'heartbeatAgeSeconds'>): WorkerRetry | undefined {
  const { retrying, retryInMs } = detail;
  const failure = workerFailure({ state, detail });
  if (state !== 'failed' || retrying !== true || failure === undefined) return undefined;
  const pause = typeof retryInMs === 'number' ? retryInMs / 1000 : null;
  return {
    ...failure,
    inSeconds: pause === null ? null : Math.max(0, pause - heartbeatAgeSeconds),
    heard: heartbeatAgeSeconds <= (pause ?? longestPauseSeconds) + longestTrySeconds,
  };
}

/** When it tries again. */
export const retryText = ({ inSeconds, heard }: WorkerRetry): string =>
  !heard
    ? 'meant to try again, not heard of since'
    : inSeconds === null
      ? 'tries again'
      : inSeconds === 0
        ? 'tries again now'
        : `tries again in ${Math.ceil(inSeconds)} s`;
