// Context files written before the plan had a package of its own import it from here.
export * from '@strangler-toolkit/plan';
