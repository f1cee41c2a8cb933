export type { DomainEvent } from './domain-event.ts';
export { restartSubscription } from './embedded-source.ts';
export type { EventHandler } from './inbox.ts';
export { subscribe, type SubscribeOptions, type Subscription } from './subscribe.ts';
export type { EventSource, SubscriptionProgress } from './subscription.ts';
export { connectOutbox, type ConnectorPlan, disconnectOutbox, type OutboxConnection, outboxConnectorName, planOutboxConnector } from './register-connector.ts';
