/** One thing that would be done, in words that a person can check. */
export interface PlannedAction {
  readonly action: string;
  readonly detail?: string;
}
