/** The state directory cannot be used; the message says which file and what to do. */
export class StateError extends Error {
  override readonly name = 'StateError';
}
