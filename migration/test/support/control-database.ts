import { randomBytes } from 'node:crypto';
import { createTestDatabase, type TestDatabase } from '@strangler-toolkit/dev-stack';
import pg from 'pg';
import { openControl } from '../../src/control/index.ts';

const template = 'strangler_control_template';
const missing = '3D000';
const there = '42P04';

/** Made under another name: what bears the template's is whole. Whoever comes second throws his own away. */
async function makeTemplate(): Promise<void> {
  const made = await createTestDatabase(`control_template_${randomBytes(4).toString('hex')}`);
  await (await openControl(made.url)).close();
  const client = new pg.Client({ connectionString: process.env.TEST_PG_URL });
  await client.connect();
  try {
    await client.query(`ALTER DATABASE "${made.name}" RENAME TO ${template}`);
  } catch (error) {
    await made.drop();
    if (!(error instanceof pg.DatabaseError && error.code === there)) throw error;
  } finally {
    await client.end();
  }
}

/** A database that has the control schema: files copied from one that the first who asks on a server makes, instead of made anew. */
export async function createControlDatabase(label: string): Promise<TestDatabase> {
  try {
    return await createTestDatabase(label, template);
  } catch (error) {
    if (!(error instanceof pg.DatabaseError && error.code === missing)) throw error;
    await makeTemplate();
    return createTestDatabase(label, template);
  }
}
