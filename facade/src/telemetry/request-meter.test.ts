import { expect, test } from '@jest/globals';
import { Counter, Histogram, Registry } from 'prom-client';
import { RequestMeters } from './request-meter.ts';

const route = (name: string, context = 'items') => ({ context, definition: { name } });
const bounds = [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** What prom-client's own metrics make of the same requests. */
function byPromClient() {
  const registry = new Registry();
  const registers = [registry];
  const requests = new Counter({
    name: 'facade_requests_total',
    help: 'Requests by where they went and why',
    labelNames: ['context', 'route', 'side', 'reason', 'status'],
    registers,
  });
  const durations = new Histogram({
    name: 'facade_request_duration_seconds',
    help: 'From the request to the end of the answer',
    labelNames: ['context', 'route', 'side'],
    buckets: bounds,
    registers,
  });
  return { registry, requests, durations };
}

test('what is told is, byte for byte, what prom-client would tell', async () => {
  const own = new Registry();
  const meters = new RequestMeters(own);
  const { registry, requests, durations } = byPromClient();
  expect(await own.metrics()).toBe(await registry.metrics());
  const seconds = [0, ...bounds, ...bounds.map((bound) => bound + 0.0001), 60];
  for (const name of ['list', 'one']) {
    for (const side of ['monolith', 'service']) {
      for (const [index, one] of seconds.entries()) {
        const [reason, code] = index % 3 === 0 ? ['flag', 200] : ['owner', 499];
        meters.of(route(name)).record(side, reason as string, code as number, one);
        const status = code === 200 ? '2xx' : '4xx';
        requests.inc({ context: 'items', route: name, side, reason, status });
        durations.observe({ context: 'items', route: name, side }, one);
      }
    }
  }
  expect(await own.metrics()).toBe(await registry.metrics());
  expect(JSON.parse(JSON.stringify(await own.getMetricsAsJSON()))).toMatchObject(
    (await registry.getMetricsAsJSON()).map(({ name, type, help }) => ({ name, type, help })),
  );
});

test('what no context claims is counted without a name', async () => {
  const registry = new Registry();
  new RequestMeters(registry).of(undefined).record('monolith', 'unclaimed', 200, 0.5);
  expect(await registry.metrics()).toContain(
    'facade_requests_total{context="",route="",side="monolith",reason="unclaimed",status="2xx"} 1',
  );
});

test('a route and its twin that is taken for a write are one', async () => {
  const registry = new Registry();
  const meters = new RequestMeters(registry);
  for (const twin of [route('list'), route('list'), route('list', 'other')])
    meters.of(twin).record('monolith', 'owner', 200, 0.5);
  const counts = (await registry.metrics())
    .split('\n')
    .filter((line) => line.startsWith('facade_requests_total'))
    .map((line) => line.split(' ').at(-1));
  expect(counts).toEqual(['2', '1']);
});
