export { createFacade, type Facade } from './facade.ts';
export type { FacadeLimits } from './config/limits.ts';
export type { FacadeOptions } from './config/options.ts';
