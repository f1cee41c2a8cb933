import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { MigrationDefinition, Side, UpstreamHealth } from '@strangler-toolkit/plan';
import { createFacade } from '../../src/facade.ts';
import type { FacadeLimits } from '../../src/config/limits.ts';
import type { FacadeOptions } from '../../src/config/options.ts';
import { ask } from './client.ts';

export interface RunningFacade {
  readonly port: number;
  readonly adminPort: number;
  readonly stateDir: string;
  readiness(): Promise<{
    status: string;
    contexts: Record<
      string,
      {
        epoch: string;
        owner: string;
        held: boolean;
        known: boolean;
        upstreams: Record<Side, UpstreamHealth | undefined>;
      }
    >;
    flags: { state: string; source: string; rejected: boolean; lastError: string | null };
    control: { state: string; restoredFromDisk: boolean; olderEpochTold: readonly string[] };
  }>;
  metric(line: RegExp): Promise<number>;
  stop(options?: { deadlineMs?: number; keepState?: boolean }): Promise<void>;
}

export async function startFacade(
  options: Partial<Omit<FacadeOptions, 'limits'>> & {
    contexts: readonly MigrationDefinition[];
    monolithUrl: string;
    limits?: Partial<FacadeLimits>;
  },
): Promise<RunningFacade> {
  const stateDir = options.stateDir ?? (await mkdtemp(join(tmpdir(), 'facade-')));
  const facade = createFacade({
    debugHeaders: true,
    name: 'facade',
    ...options,
    stateDir,
    // so long may a hang last; a busy machine is not one
    limits: {
      healthMs: 0,
      freshnessMs: 10_000,
      pinMs: 10_000,
      drainMs: 10_000,
      ...options.limits,
    },
  });
  const { port, adminPort } = await facade.start().catch(async (error: unknown) => {
    await rm(stateDir, { recursive: true, force: true });
    throw error;
  });
  return {
    port,
    adminPort,
    stateDir,
    readiness: async () => JSON.parse((await ask(adminPort, '/health/ready')).body),
    async metric(line) {
      const found = (await ask(adminPort, '/metrics')).body
        .split('\n')
        .filter((text) => !text.startsWith('#') && line.test(text));
      return found.reduce((sum, text) => sum + Number(text.slice(text.lastIndexOf(' ') + 1)), 0);
    },
    async stop({ deadlineMs = 500, keepState = false } = {}) {
      await facade.stop({ deadlineMs });
      if (!keepState) await rm(stateDir, { recursive: true, force: true });
    },
  };
}
