/** The one clock. Everything that needs the time takes one of these, or `now` as an argument. */
export type Clock = () => Date

export const systemClock: Clock = () => new Date()
