export type ContractsErrorCode =
  | 'PACTS_NOT_FOUND'
  | 'CONFIG_INVALID'
  | 'CANCELLED'
  | 'BROKER_UNREACHABLE'
  | 'BROKER_AUTH'
  | 'BROKER_NOT_FOUND'
  | 'BROKER_CONFLICT'
  | 'BROKER_REFUSED'
  | 'BROKER_FAILED'
  | 'BROKER_UNSUITABLE';

/** Carries one of the toolkit's error codes without depending on the toolkit. */
export class ContractsError extends Error {
  readonly code: ContractsErrorCode;
  constructor(code: ContractsErrorCode, message: string, options: { cause?: unknown } = {}) {
    super(message, options);
    this.code = code;
  }
}
