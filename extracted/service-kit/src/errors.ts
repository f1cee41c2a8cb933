/** Why a service cannot start. The message names what and where; `remedy` what to do next. */
export const serviceErrorCodes = {
  CONFIG_ENV_MISSING: 'Set the named environment variable.',
  CONFIG_INVALID: 'Mend the named environment variable.',
  PORT_IN_USE: 'Stop the other process or choose another port with PORT.',
  PORT_FORBIDDEN: 'Choose a port above 1023 or give the process the right to bind low ports.',
  HOST_UNKNOWN: 'Set HOST to an address of this machine, for example 127.0.0.1.',
  DB_UNREACHABLE: 'Check that the database runs and that host and port in DATABASE_URL are right.',
  DB_AUTH: 'Check user and password in DATABASE_URL.',
  DB_TLS:
    'Give a readable file with the CA of the server in DATABASE_URL (sslmode=verify-full&sslrootcert=…), ' +
    'and the host as its certificate has it.',
  DB_MISSING: 'Create the database that DATABASE_URL names.',
  DB_PRIVILEGE: 'Grant the right that the message names to the user of DATABASE_URL.',
} as const;

export type ServiceErrorCode = keyof typeof serviceErrorCodes;

export class ServiceError extends Error {
  readonly isServiceError = true;
  readonly code: ServiceErrorCode;
  override readonly name = 'ServiceError';

  constructor(code: ServiceErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }

  get remedy(): string {
    return serviceErrorCodes[this.code];
  }
}

export const isServiceError = (error: unknown): error is ServiceError =>
  typeof error === 'object' &&
  error !== null &&
  'isServiceError' in error &&
  error.isServiceError === true;
