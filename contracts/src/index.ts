export { type Broker, openBroker } from './broker/broker.ts';
export { parseSelector } from './broker/for-verification.ts';
export { readPactFiles } from './broker/pact-files.ts';
export { usualBody as usualWebhookBody } from './broker/webhook.ts';
export { ContractsError, type ContractsErrorCode } from './contracts-error.ts';
export type { MessageSource } from './message-source.ts';
export type { StateSetup } from './provider-states.ts';
export { readInteractions, type AskedRequest, type Interaction } from './read-interactions.ts';
export {
  verifyPacts,
  type InteractionResult,
  type NotRequired,
  type Progress,
  type Side,
  type SideAddress,
  type SideResult,
  type StatesOf,
  type Verdict,
  type VerifyOptions,
} from './verify-pacts.ts';
