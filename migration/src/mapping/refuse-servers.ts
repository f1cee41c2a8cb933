import { StranglerError } from '@strangler-toolkit/plan';
import type pg from 'pg';
import type { FindingKind } from '../findings/kinds.ts';
import { type CompiledMapping, lineOf } from './compiled-mapping.ts';
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

/** Why two databases read the same text of mapped columns otherwise: all of it. */
export async function serverProblems(
  mapping: CompiledMapping,
  monolith: pg.Client,
  service: pg.Client,
): Promise<StranglerError[]> {
  const [here, there] = [await readServer(monolith), await readServer(service)];
  const problems: StranglerError[] = [];
  const add = (finding: FindingKind, message: string, remedy: string): void =>
    void problems.push(
      new StranglerError('CONFIG_INVALID', message, { remedy, details: { finding } }),
    );
  const columns = mapping.tables.flatMap((table) =>
    table.parts.flatMap((part) =>
      part.columns.map((link) => ({ ...link, line: lineOf(part, link) })),
    ),
  );
  const blind = [here, there].some(({ encoding }) => encoding === 'SQL_ASCII');
  if (columns.length > 0 && (here.encoding !== there.encoding || blind))
    add(
      'encoding',
      `contexts/${mapping.context}: the monolith's database is encoded in ${here.encoding}, the service's in ` +
        `${there.encoding}: ${blind ? 'what the bytes of a text mean is not known' : 'one has characters that the other cannot hold'}`,
      'Give both databases the same encoding (CREATE DATABASE … ENCODING), best UTF8.',
    );
  const amount = columns.find(
    ({ fromType, toType }) =>
      parseType(fromType).base === 'money' && parseType(toType).base === 'money',
  );
  if (amount !== undefined && here.money !== there.money)
    add(
      'money',
      `${amount.line}: money is read by lc_monetary, which is ${here.money} on the monolith and ${there.money} on the service: ` +
        'the same digits may be another amount',
      'Set lc_monetary alike (ALTER DATABASE … SET lc_monetary), or use numeric.',
    );
  return problems;
}

/**
 * Refuses pairs of databases that read the same text otherwise.
 * @throws StranglerError CONFIG_INVALID naming the first mapped column that it concerns
 */
export async function refuseServers(...between: Parameters<typeof serverProblems>): Promise<void> {
  const [problem] = await serverProblems(...between);
  if (problem) throw problem;
}
