import { canonicalPath } from './canonical-path.ts';
import type { ClaimQuestion } from './asked.ts';
import { findClaim, type Found } from './find-claim.ts';
import type { CompiledRoute, RouteTable } from './route-table.ts';
import { valueReadings } from './value-readings.ts';

/** Whose route a request is, however servers read its path and the values that conditions ask for. */
export function findRoute(table: RouteTable, question: ClaimQuestion): Found<CompiledRoute> {
  const { method, rawPath, override } = question;
  const values = table.asked.length > 0 ? valueReadings(table.asked, question) : undefined;
  return findClaim((path, read) => table.match(method, path, override, read), rawPath, values);
}

/** Who claims an operation that no GraphQL route does, of a request whose path leaves no doubt. */
export function findBeside(table: RouteTable, question: ClaimQuestion): CompiledRoute | undefined {
  const { method, rawPath, override } = question;
  const [values] = table.asked.length > 0 ? valueReadings(table.asked, question) : [];
  return table.matchBeside(method, canonicalPath(rawPath), override, values?.read);
}
