export type { DomainEvent } from './domain-event.ts';
export type { EventHandler } from './inbox.ts';
export { restartSubscription } from './restart-subscription.ts';
export { subscribe, type SubscribeOptions, type Subscription } from './subscribe.ts';
export type { EventSource, SubscriptionProgress } from './subscription.ts';
export { type KafkaSettings, kafkaSettings } from '../stream/kafka/kafka-settings.ts';
