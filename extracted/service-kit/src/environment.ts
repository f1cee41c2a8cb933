import { ServiceError } from './errors.ts';

type Environment = Readonly<Record<string, string | undefined>>;

export function requiredEnv(name: string, environment: Environment = process.env): string {
  const value = environment[name]?.trim();
  if (!value)
    throw new ServiceError('CONFIG_ENV_MISSING', `The environment variable ${name} is not set`);
  return value;
}

/** HOST and PORT as every service reads them: loopback unless told otherwise, port 0 for any free one. */
export function listenAddress(
  defaultPort: number,
  environment: Environment = process.env,
): { host: string; port: number } {
  const host = environment.HOST?.trim() || '127.0.0.1';
  const raw = environment.PORT?.trim() ?? '';
  const port = raw === '' ? defaultPort : Number(raw);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new ServiceError(
      'CONFIG_INVALID',
      `PORT must be a whole number from 0 to 65535, not ${JSON.stringify(raw)}`,
    );
  }
  return { host, port };
}
