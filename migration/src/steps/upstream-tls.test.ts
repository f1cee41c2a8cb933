import { readFileSync } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { expect, test } from '@jest/globals';
import { makeAuthority, temporaryFolder } from '@strangler-toolkit/dev-stack';
import { statusOf } from '@strangler-toolkit/plan';
import { askedSecurely } from './upstream-tls.ts';

test('a side is looked at as facades ask it: by an authority of its own, with a certificate', async () => {
  const folder = await temporaryFolder('upstream-tls');
  const authority = await makeAuthority(folder.path, 'ours');
  const [theirs, ours] = [await authority.sign('service'), await authority.sign('facade')];
  const server = https.createServer(
    {
      ca: readFileSync(authority.ca),
      cert: readFileSync(theirs.cert),
      key: readFileSync(theirs.key),
      requestCert: true,
      rejectUnauthorized: true,
    },
    (_request, response) => void response.end(),
  );
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  try {
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}`;
    const FACADE_EDGE = join(folder.path, 'edge.json');
    const said = { address, ca: authority.ca, cert: ours.cert, key: ours.key };
    await writeFile(FACADE_EDGE, JSON.stringify({ upstreamTls: [said], somethingElse: 1 }));
    const url = `${address}/base`;
    expect(await statusOf(url, await askedSecurely(url, { FACADE_EDGE }))).toBe(200);
    await expect(statusOf(url, await askedSecurely(url, {}))).rejects.toThrow();
    expect(await askedSecurely('https://other:8443', { FACADE_EDGE })).toEqual({});
    await writeFile(FACADE_EDGE, JSON.stringify({ upstreamTls: [{ address: 'service:1' }] }));
    await expect(askedSecurely(url, { FACADE_EDGE })).rejects.toMatchObject({
      code: 'CONFIG_INVALID',
    });
    const missing = { FACADE_EDGE: join(folder.path, 'missing.json') };
    await expect(askedSecurely(url, missing)).rejects.toMatchObject({ code: 'CONFIG_NOT_FOUND' });
  } finally {
    server.closeAllConnections();
    server.close();
    await folder.remove();
  }
});
