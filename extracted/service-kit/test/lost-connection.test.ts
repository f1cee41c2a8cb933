import { createTestDatabase } from '@strangler-toolkit/dev-stack';
import { expect, test } from '@jest/globals';
import { openPool } from '../src/database/pool.ts';

test('a connection that dies while a request holds it fails that request, not the process', async () => {
  const database = await createTestDatabase('kit_lost');
  const pool = await openPool(database.url, { applicationName: 'kit-test', max: 2 });
  try {
    const held = await pool.connect();
    const { rows } = await held.query('SELECT pg_backend_pid() AS pid');
    // The pool takes its own listener off a connection that it hands out; without another one node would throw.
    const listeners = held.listenerCount('error');
    if (listeners === 0) held.release(true);
    expect(listeners).toBeGreaterThan(0);
    const ended = new Promise((resolve) => held.once('end', resolve));
    await pool.query('SELECT pg_terminate_backend($1)', [rows[0].pid]);
    await ended;
    const refused = await held.query('SELECT 1').then(
      () => undefined,
      (error: unknown) => error,
    );
    held.release(true);
    expect(refused).toBeInstanceOf(Error);
    expect((await pool.query('SELECT 1 AS one')).rows).toEqual([{ one: 1 }]);
  } finally {
    await pool.end();
    await database.drop();
  }
});
