import { expect, test } from '@jest/globals';
import { compileRoutes, type MigrationDefinition } from '@strangler-toolkit/plan';
import { upstreamAgents } from '../resilience/upstream-agents.ts';
import { Mirror } from './mirror.ts';

const definition: MigrationDefinition = {
  context: 'items',
  data: 'none',
  monolith: { url: 'http://127.0.0.1:9' },
  service: { url: 'http://127.0.0.1:9' },
  routes: [{ name: 'list', method: 'GET', path: '/items', kind: 'read' }],
};

function scene({ maxJobs = 10, bytes = 600 } = {}) {
  const route = compileRoutes([definition]).routes[0]!;
  const noted: string[] = [];
  const agents = upstreamAgents();
  const mirror = new Mirror({
    agents,
    caughtUp: () => Promise.resolve(true),
    serves: () => true,
    onCrash: (error) => noted.push(String(error)),
    note: (_read, { outcome }) => noted.push(outcome),
    limits: {
      maxJobs,
      maxBytes: 1_000,
      maxBodyBytes: 800,
      concurrency: 1,
      timeoutMs: 200,
      catchUpMs: 200,
    },
  });
  const begin = () => {
    const watcher = mirror.watch(
      {
        route,
        method: 'GET',
        target: { path: '/items', search: '' },
        headers: {},
        reference: definition.monolith.url as string,
        candidate: definition.service.url as string,
        served: 'monolith',
        epoch: 1n,
        replicated: false,
      },
      { status: 200, headers: {} },
    );
    watcher?.chunk(Buffer.alloc(bytes));
    return watcher;
  };
  const end = async (): Promise<void> => {
    await mirror.close();
    agents.destroy();
  };
  return { mirror, noted, begin, end };
}

test('what was compared gives its room back, and closing waits for what is compared', async () => {
  const { mirror, noted, begin, end } = scene();
  try {
    for (let round = 1; round <= 3; round++) {
      begin()?.end(true);
      while (noted.length < round) await new Promise((resolve) => setImmediate(resolve));
    }
    expect(noted).not.toContain('dropped');
    begin()?.end(true);
    // taken up, not only waiting: what waits is dropped
    while (mirror.waiting > 0) await new Promise((resolve) => setImmediate(resolve));
    await mirror.close();
    expect(noted).toHaveLength(4);
  } finally {
    await end();
  }
});

test('an answer that finds the queue full when it has ended is counted as dropped', async () => {
  const { noted, begin, end } = scene({ maxJobs: 1, bytes: 10 });
  try {
    const [first, second] = [begin(), begin()];
    first?.end(true);
    expect(noted).toEqual([]);
    second?.end(true);
    expect(noted).toEqual(['dropped']);
    expect(begin()).toBeUndefined();
    expect(noted).toEqual(['dropped', 'dropped']);
  } finally {
    await end();
  }
});

test('answers that slow clients are still taking count against the bytes that shadows may hold', async () => {
  const { mirror, noted, begin, end } = scene();
  try {
    const [first, second] = [begin(), begin()];
    second?.end(true);
    expect(noted).toEqual(['dropped']);
    // a client that goes away gives back what was collected for it
    first?.end(false);
    const third = begin();
    third?.end(true);
    await mirror.close();
    expect(noted.filter((outcome) => outcome === 'dropped')).toHaveLength(1);
  } finally {
    await end();
  }
});
