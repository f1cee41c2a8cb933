import { randomUUID } from 'node:crypto';
import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { type ClientFeaturesResponse, Unleash, UnleashEvents } from 'unleash-client';
import { normalizedStrategyValue } from 'unleash-client/lib/strategy/util.js';
import { z } from 'zod';
import { DurableFile } from '../../resilience/durable-file.ts';
import type { FlagReader, FlagStatus } from '../flag-reader.ts';
import { inRollout } from './rollout.ts';

export interface UnleashFlagReaderOptions {
  readonly url: string;
  readonly token: string;
  readonly appName: string;
  readonly stateDir: string;
  readonly environment?: string;
  /** Milliseconds between polls. */
  readonly refreshMs: number;
  /** Milliseconds that the start waits for a first state, from the server or from disk. */
  readonly startMs: number;
  readonly onProblem: (message: string) => void;
}

const features = z.custom<ClientFeaturesResponse>(
  (value) =>
    z.object({ features: z.array(z.object({ name: z.string() })) }).safeParse(value).success,
);

/**
 * `destroy` takes the listeners away while a request may still be under way; its failure would then be an error event that
 * nobody hears, which ends the process.
 */
function letGo(client: Unleash): void {
  client.destroy();
  const repository: unknown = Reflect.get(client, 'repository');
  if (repository instanceof EventEmitter) repository.on(UnleashEvents.Error, () => {});
  client.on(UnleashEvents.Error, () => {});
}

/** A request asks for several flags of one group in a row: its hash is made once. */
function rememberedShare(): (userId: string, group: string) => number {
  let last = { userId: '', group: '', share: Number.NaN };
  return (userId, group) => {
    if (last.userId !== userId || last.group !== group)
      last = { userId, group, share: normalizedStrategyValue(userId, group) };
    return last.share;
  };
}

/**
 * The client library stops polling for ever on 401 and 403. A token is often rotated a moment before the other side knows it,
 * so the adapter starts a new client every now and then while the old state keeps answering.
 */
export async function unleashFlagReader(options: UnleashFlagReaderOptions): Promise<FlagReader> {
  const { refreshMs } = options;
  const file = new DurableFile<ClientFeaturesResponse>(
    join(options.stateDir, `flags-${options.appName}.json`),
  );
  let lastSync: number | undefined;
  let rejected = false;
  let lastError: string | null = null;
  let retry: NodeJS.Timeout | undefined;
  let stopped = false;
  /** Before that, the client calls every flag off, whatever it has. */
  const ready = new WeakSet<Unleash>();
  const share = rememberedShare();

  const problem = (text: string): void => {
    if (text !== lastError) options.onProblem(text);
    lastError = text;
  };

  const open = (onFirstState: () => void): Unleash => {
    const client = new Unleash({
      url: options.url.endsWith('/') ? options.url : `${options.url}/`,
      appName: options.appName,
      instanceId: randomUUID(),
      ...(options.environment ? { environment: options.environment } : {}),
      customHeaders: { Authorization: options.token },
      refreshInterval: refreshMs,
      timeout: Math.max(2_000, refreshMs),
      skipInstanceCountWarning: true,
      storageProvider: {
        // a state that cannot be stored still counts; it is only lost by a restart
        set: (_key, data) =>
          file
            .write(data)
            .catch((error: unknown) =>
              problem(`flags cannot be stored in ${file.path}: ${String(error)}`),
            ),
        get: () => file.read((value) => features.parse(value)),
      },
    });
    const synced = (): void => {
      lastSync = performance.now();
      rejected = false;
      lastError = null;
      onFirstState();
    };
    client.on(UnleashEvents.Changed, synced);
    client.on(UnleashEvents.Unchanged, synced);
    client.on(UnleashEvents.Ready, () => {
      ready.add(client);
      onFirstState();
    });
    client.on(UnleashEvents.Warn, (message: unknown) => problem(String(message)));
    client.on(UnleashEvents.Error, (error: unknown) => {
      const message = error instanceof Error ? error.message : String(error);
      problem(message);
      if (/responded 40[13]\b/.test(message)) rejected = true;
      if (!rejected || stopped) return;
      clearTimeout(retry);
      retry = setTimeout(reopen, Math.max(refreshMs * 10, 2_000)).unref();
    });
    return client;
  };

  let current: Unleash;
  const reopen = (): void => {
    if (stopped) return;
    const next = open(() => {
      if (current === next) return;
      letGo(current);
      current = next;
    });
    // the next attempt is already scheduled; this client is let go
    next.once(UnleashEvents.Error, () => {
      if (current !== next) letGo(next);
    });
  };

  await new Promise<void>((resolve) => {
    const timer = setTimeout(resolve, options.startMs);
    current = open(() => {
      clearTimeout(timer);
      resolve();
    });
  });

  return {
    isEnabled(name, identity) {
      const feature = current.getFeatureToggleDefinition(name);
      if (!feature) return undefined;
      // flags that stick to users are off for a request without one, at 100 % too
      const userId = identity ?? randomUUID();
      const included = ready.has(current) ? inRollout(feature, userId, share) : undefined;
      if (included === undefined) return current.isEnabled(name, { userId });
      current.count(name, included);
      return included;
    },
    shareOf: (context, identity) => share(identity, context),
    status(): FlagStatus {
      const ageSeconds = lastSync === undefined ? null : (performance.now() - lastSync) / 1_000;
      const fresh = ageSeconds !== null && ageSeconds * 1_000 < refreshMs * 5 + 2_000 && !rejected;
      const state = fresh
        ? 'synced'
        : current.getFeatureToggleDefinitions().length > 0
          ? 'stale'
          : 'none';
      return { source: 'unleash', state, ageSeconds, rejected, lastError };
    },
    stop() {
      stopped = true;
      clearTimeout(retry);
      letGo(current);
      return file.settled();
    },
  };
}
