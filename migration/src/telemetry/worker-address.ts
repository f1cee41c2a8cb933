import { type Environment, StranglerError } from '@strangler-toolkit/plan';

/** Where a worker answers its operators. */
export interface WorkerAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
}

/** `null`: nowhere, which is the default. @throws StranglerError CONFIG_INVALID */
export function workerAddress(env: Environment): WorkerAddress | null {
  const text = env.STRANGLER_WORKER_PORT ?? '';
  if (text === '') return null;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new StranglerError('CONFIG_INVALID', `STRANGLER_WORKER_PORT is no port: ${text}`);
  return { host: env.STRANGLER_WORKER_HOST || '127.0.0.1', port };
}
