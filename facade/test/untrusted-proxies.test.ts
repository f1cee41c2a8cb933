import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from '@jest/globals';
import { registerInstanceStatement } from '@strangler-toolkit/plan';
import { until } from '@strangler-toolkit/dev-stack';
import { type Control, openControl } from '../../migration/src/control/index.ts';
import type { Finding } from '../../migration/src/findings/check.ts';
import { checkForwardedHeaders } from '../../migration/src/steps/doctor/forwarded-headers.ts';
import { checkUpstreamNames } from '../../migration/src/steps/doctor/upstream-names.ts';
import { ask } from './support/client.ts';
import { startControl, type TestControl } from './support/control.ts';
import { type RunningFacade, startFacade } from './support/facade.ts';
import { startUpstream, type Upstream } from './support/upstream.ts';

let database: TestControl;
let control: Control;
let monolith: Upstream;
let facade: RunningFacade;
beforeAll(async () => {
  database = await startControl();
  control = await openControl(database.url);
  monolith = await startUpstream('monolith');
  facade = await startFacade({
    contexts: [],
    monolithUrl: monolith.url,
    controlUrl: database.url,
    limits: { heartbeatMs: 50, pollMs: 50 },
  });
});
afterAll(async () => {
  await facade?.stop();
  await monolith?.close();
  await control?.close();
  await database?.close();
});

/** What `strangler doctor` finds. */
async function found(): Promise<Finding> {
  const findings: Finding[] = [];
  await checkForwardedHeaders(control, (finding) => findings.push(finding));
  return findings[0] as Finding;
}

test('doctor names a proxy that no facade trusts, with the setting to add', async () => {
  expect(await found()).toMatchObject({ ok: true, actual: 'none from anybody else' });
  await ask(facade.port, '/', { headers: { 'x-forwarded-proto': 'https' } });
  const finding = await until('the next beat tells of it', async () => {
    const now = await found();
    return now.ok ? undefined : now;
  });
  expect(finding).toMatchObject({
    actual: expect.stringMatching(/FACADE_TRUSTED_PROXIES .*127\.0\.0\.1 \(x-forwarded-proto\)/),
    remedy: expect.stringContaining('FACADE_TRUSTED_PROXIES=127.0.0.1 '),
  });
});

test('somebody from the open net who forges such headers is named, and is no finding', async () => {
  const before = (await found()).actual;
  const { text, values } = registerInstanceStatement(randomUUID(), 'another', {
    untrustedProxies: [{ address: '203.0.113.7', headers: ['forwarded'] }],
  });
  await database.query(text, values);
  const { actual, remedy } = await found();
  expect(actual).not.toBe(before);
  expect(actual).toContain('203.0.113.7 (forwarded)');
  expect(remedy).not.toContain('203.0.113.7');
});

test('doctor names what a facade cannot look up', async () => {
  const named = async (): Promise<Finding> => {
    const findings: Finding[] = [];
    await checkUpstreamNames(control, (finding) => findings.push(finding));
    return findings[0] as Finding;
  };
  expect(await named()).toMatchObject({ ok: true });
  const { port } = monolith;
  const lost = await startFacade({
    contexts: [],
    name: 'lost',
    monolithUrl: `http://nowhere.invalid:${port}`,
    controlUrl: database.url,
    limits: { heartbeatMs: 50, pollMs: 50 },
  });
  const finding = await until('a beat tells of it', async () => {
    const now = await named();
    return now.ok ? undefined : now;
  });
  expect(finding.actual).toMatch(/^lost: nowhere\.invalid \([A-Z_]+\)$/);
  expect(finding.remedy).toContain('FACADE_DNS_SERVERS');
  await lost.stop();
});

test('what another release wrote is no reason to fail', async () => {
  await database.query(
    `INSERT INTO strangler_control.instances (instance_id, name, detail)
     VALUES ($1, 'older', '{"pid": 1}'), ($2, 'newer', '{"pid": "one", "untrustedProxies": 7}')`,
    [randomUUID(), randomUUID()],
  );
  await expect(found()).resolves.toMatchObject({ check: 'forwarded headers' });
});
