import {
  adminTokenRule,
  type Environment,
  isAdminToken,
  StranglerError,
} from '@strangler-toolkit/plan';

/** Where a worker answers its operators. */
export interface WorkerAddress {
  readonly host: string;
  /** 0: any free one. */
  readonly port: number;
  /** Undefined: whoever reaches the port may ask. */
  readonly token?: string;
}

/** `null`: nowhere, which is the default. @throws StranglerError CONFIG_INVALID */
export function workerAddress(env: Environment): WorkerAddress | null {
  const text = env.STRANGLER_WORKER_PORT ?? '';
  if (text === '') return null;
  const port = Number(text);
  if (!/^\d+$/.test(text) || port > 65_535)
    throw new StranglerError('CONFIG_INVALID', `STRANGLER_WORKER_PORT is no port: ${text}`);
  const token = env.STRANGLER_WORKER_TOKEN ?? '';
  if (token !== '' && !isAdminToken(token))
    throw new StranglerError('CONFIG_INVALID', `STRANGLER_WORKER_TOKEN ${adminTokenRule}`);
  const host = env.STRANGLER_WORKER_HOST || '127.0.0.1';
  return { host, port, ...(token !== '' && { token }) };
}
