import { afterAll, afterEach, beforeAll, beforeEach } from '@jest/globals';
import { ask } from './client.ts';
import { itemsContext } from './contexts.ts';
import { startControl, type TestControl } from './control.ts';
import { type RunningFacade, startFacade } from './facade.ts';
import { lastKnownFlags } from './last-known-flags.ts';
import { startUpstream, type Upstream } from './upstream.ts';

export interface StartOptions {
  readonly flags?: Record<string, number>;
  readonly controlUrl?: string;
  readonly serviceUrl?: string;
  readonly limits?: object;
}

/** Both sides and, for each test, a control database with the context `items` at canary, owned by the monolith. */
export interface ReplicatedItems {
  readonly monolith: Upstream;
  readonly service: Upstream;
  readonly control: TestControl;
  /** Stopped after the test, the newest last. */
  readonly facades: RunningFacade[];
  start(name: string, options?: StartOptions): Promise<RunningFacade>;
}

/** Registers what starts and stops the scene; its parts are there inside tests. */
export function replicatedItems(): ReplicatedItems {
  let monolith: Upstream;
  let service: Upstream;
  let control: TestControl;
  const facades: RunningFacade[] = [];
  beforeAll(async () => {
    monolith = await startUpstream('monolith');
    service = await startUpstream('service');
  });
  beforeEach(async () => {
    control = await startControl();
    await control.setContext({ stage: 'canary', owner: 'monolith', epoch: 1 });
  });
  afterEach(async () => {
    for (const facade of facades.splice(0)) await facade.stop();
    await control.close();
  });
  afterAll(async () => {
    await monolith?.close();
    await service?.close();
  });
  return {
    facades,
    get monolith() {
      return monolith;
    },
    get service() {
      return service;
    },
    get control() {
      return control;
    },
    async start(name, { flags, controlUrl, serviceUrl, limits } = {}) {
      const known = await lastKnownFlags(
        flags ?? { 'items.list': 100, 'items.one': 0, 'items.add': 100 },
        name,
      );
      const facade = await startFacade({
        contexts: [itemsContext('replicated', monolith.url, serviceUrl ?? service.url)],
        monolithUrl: monolith.url,
        controlUrl: controlUrl ?? control.url,
        ...known,
        limits: { pollMs: 200, ...limits },
      });
      facades.push(facade);
      return facade;
    },
  };
}

/** The side that answered. */
export const servedBy = async (
  facade: RunningFacade,
  path = '/api/items',
  headers: Record<string, string> = { authorization: 'ann' },
  method = 'GET',
) => (await ask(facade.port, path, { headers, method })).headers['x-strangler-served-by'];
