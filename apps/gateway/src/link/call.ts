/** What one process can ask of another: a name, with the types of what goes there and what comes back. */

/** Each call is declared once, in the room that it is about, and both sides import it. */
export interface Call<Arguments, Result> {
  readonly name: string;
  /** Never set: it carries the types. */
  readonly types?: readonly [Arguments, Result];
}

/** What needs no answer. */
export interface Notice<Arguments> {
  readonly name: string;
  readonly type?: Arguments;
}

export function declareNotice<Arguments>(name: string): Notice<Arguments> {
  return { name };
}

export function declareCall<Arguments, Result>(name: string): Call<Arguments, Result> {
  return { name };
}
