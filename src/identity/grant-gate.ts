/** What stands before everything that gives access: the trail gate, as the rooms that grant see it. */
export interface GrantGate {
  /** Null when access may be given now; otherwise why it has to wait, for whoever waits. */
  closedBecause(): Promise<string | null>
  /**
   * What is to be said with whatever is given all the same, where the gate only warns. Of what was given at a moment it
   * speaks in the past, and names the moment: it is kept, and the trail may be back when it is read.
   */
  warning(grantedAt?: Date): Promise<string | null>
}
