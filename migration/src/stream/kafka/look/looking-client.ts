import { ConnectClient } from '../connect-client.ts';
import type { KafkaTransportSettings } from '../transport-settings.ts';

/** Short waits: a look must not hang where a worker would be patient. */
export const lookingClient = (
  settings: Pick<KafkaTransportSettings, 'connectUrl'>,
  signal: AbortSignal,
): ConnectClient =>
  new ConnectClient(settings.connectUrl, { signal, timeoutMs: 10_000, busyMs: 5000 });
