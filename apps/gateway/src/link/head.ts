/** The head: the process that admits packets and keeps the pool, the state and the audit trail, where workers serve. */

/** The token of the channel to the head; undefined in a gateway that is one process, and in the head itself. */
export const HEAD = Symbol('Head');
