/** What can go wrong between a gateway and Redis, by what is known of the command. */

/**
 * `offline`: it was not sent. `refused`: Redis answered with an error. `unanswered`: it was sent and nothing is known;
 * it is never sent again.
 */
export class RedisError extends Error {
  constructor(
    readonly code: 'offline' | 'refused' | 'unanswered',
    message: string,
    options?: ErrorOptions,
  ) {
    super(message, options);
    this.name = 'RedisError';
  }

  /** Whether Redis refused the command before it did anything: an error of its state, not of a script halfway. */
  get undone(): boolean {
    if (this.code !== 'refused') return this.code === 'offline';
    return /^(OOM|READONLY|NOREPLICAS|MISCONF|BUSY|LOADING|MASTERDOWN|CLUSTERDOWN|MOVED|NOAUTH|NOPERM)\b/.test(
      this.message,
    );
  }
}
