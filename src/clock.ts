/** The one clock. Everything that needs the time takes one of these, or `now` as an argument. */
export type Clock = () => Date

export const systemClock: Clock = () => new Date()

/** So far the clock of another replica may be ahead of ours. */
const skewMs = 60_000

/** The latest moment that anybody can have written down by now. */
export const latestPlausible = (now: Date): Date => new Date(now.getTime() + skewMs)

/**
 * Whether something that has happened is dated in the future. A clock that was ahead for a while, of one replica or of
 * a machine before it was set right, leaves such moments on record. Whoever asks how long ago one was must ask this
 * first, or would take it for fresh, or not due, until that future has come.
 */
export const isAhead = (moment: Date, now: Date): boolean => moment > latestPlausible(now)

/** A moment that lies ahead counts for nothing: as if nobody had written it down. */
export const unlessAhead = (moment: Date | null, now: Date): Date | null =>
  moment !== null && isAhead(moment, now) ? null : moment
