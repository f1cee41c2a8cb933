export {
  type Asked,
  type Asking,
  type ClaimQuestion,
  type FindClaim,
  whatIsAsked,
} from './asked.ts';
export { type Condition, conditionsOf, conditionText } from './conditions.ts';
export {
  decide,
  type Decision,
  type DecisionInput,
  type FlagView,
  type Freshness,
  homeOf,
  type OwnerView,
  type Reason,
} from './decide.ts';
export { explainRoutes, type OtherRoute, type RoutesExplained } from './explain-routes.ts';
export { findClaim, type Found } from './find-claim.ts';
export { findBeside, findRoute } from './find-route.ts';
export {
  type AnswerIdentity,
  type IdentityReader,
  identityReader,
  type IdentitySources,
} from './identity.ts';
export { methodOverride } from './method-override.ts';
export { claimOperations, type Operation, type OperationsClaimed } from './operations.ts';
export { isReadingMethod } from './reading-methods.ts';
export { isHost, targetAsItCame } from './request-target.ts';
export { askedText, type CompiledRoute, compileRoutes, type RouteTable } from './route-table.ts';
export {
  type OperationsQuestion,
  type Understood,
  whoseOperations,
  type WhoseOperations,
} from './whose-operations.ts';
