import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { CompiledMapping } from './compiled-mapping.ts';
import { parseType } from './type-compatibility.ts';

interface Server {
  encoding: string;
  money: string;
}

async function readServer(client: pg.Client): Promise<Server> {
  // Sessions of ours read money in one form; what its digits stand for is the database's own setting.
  const { rows } = await client.query<Server>(
    `SELECT current_setting('server_encoding') AS encoding,
       (SELECT reset_val FROM pg_settings WHERE name = 'lc_monetary') AS money`,
  );
  return rows[0] ?? { encoding: '', money: '' };
}

/**
 * Refuses pairs of databases that read the same text otherwise.
 * @throws StranglerError CONFIG_INVALID naming the first mapped column that it concerns
 */
export async function refuseServers(
  mapping: CompiledMapping,
  monolith: pg.Client,
  service: pg.Client,
): Promise<void> {
  const [here, there] = [await readServer(monolith), await readServer(service)];
  const columns = mapping.tables.flatMap((table) =>
    table.parts.flatMap((part) =>
      part.columns.map((link) => ({ ...link, line: `${part.line}.columns.${link.from}` })),
    ),
  );
  const blind = [here, there].some(({ encoding }) => encoding === 'SQL_ASCII');
  if (columns.length > 0 && (here.encoding !== there.encoding || blind))
    throw new StranglerError(
      'CONFIG_INVALID',
      `contexts/${mapping.context}: the monolith's database is encoded in ${here.encoding}, the service's in ` +
        `${there.encoding}: ${blind ? 'what the bytes of a text mean is not known' : 'one has characters that the other cannot hold'}`,
      { remedy: 'Give both databases the same encoding (CREATE DATABASE … ENCODING), best UTF8.' },
    );
  const amount = columns.find(
    ({ fromType, toType }) =>
      parseType(fromType).base === 'money' && parseType(toType).base === 'money',
  );
  if (amount !== undefined && here.money !== there.money)
    throw new StranglerError(
      'CONFIG_INVALID',
      `${amount.line}: money is read by lc_monetary, which is ${here.money} on the monolith and ${there.money} on the service: ` +
        'the same digits may be another amount',
      { remedy: 'Set lc_monetary alike (ALTER DATABASE … SET lc_monetary), or use numeric.' },
    );
}
