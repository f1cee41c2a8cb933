const REMEDIES: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'nothing listens there; start PostgreSQL or correct DATABASE_URL',
  ENOTFOUND: 'the host name is unknown; correct DATABASE_URL',
  ETIMEDOUT: 'the host does not answer; check the network or DATABASE_URL',
  '28P01': 'user or password is wrong; correct DATABASE_URL',
  '28000': 'this user may not log in; correct DATABASE_URL or pg_hba.conf',
  '3D000': 'the database does not exist; create it or correct DATABASE_URL',
  '42P01': 'the schema is not there yet; run the migrations (npm run migrate)',
  EADDRINUSE: 'the port is in use; stop the other process or set PORT',
  EACCES: 'this user may not listen on that port; set PORT',
};

const codeOf = (error: unknown): string | undefined => {
  if (typeof error !== 'object' || error === null) return undefined;
  if (error instanceof AggregateError) return codeOf(error.errors[0]);
  return 'code' in error && typeof error.code === 'string' ? error.code : undefined;
};

/** One line for the operator: what failed and what to do about it. Never shows the password of the URL. */
export function explainFailure(error: unknown): { code: string; message: string; remedy: string } {
  const code = codeOf(error) ?? 'UNKNOWN';
  const first = error instanceof AggregateError ? error.errors[0] : error;
  const message = first instanceof Error ? first.message : String(first);
  return { code, message, remedy: REMEDIES[code] ?? 'see the message' };
}
