/** Stops reading from a socket, whatever Node makes of it meanwhile. */
import type { Socket } from 'node:net';

export class Pause {
  #isOn = false;

  /** @param socket which one it is by then: TLS takes the place of what was accepted. */
  constructor(private readonly socket: () => Socket) {}

  begin(): void {
    if (this.#isOn) return;
    this.#isOn = true;
    this.socket().on('resume', this.#stay);
    this.socket().pause();
  }

  end(): void {
    if (!this.#isOn) return;
    this.#isOn = false;
    this.socket().off('resume', this.#stay);
    this.socket().resume();
  }

  /** Node resumes the socket whenever the body of a request is read, if there is one or not. */
  readonly #stay = (): void => {
    this.socket().pause();
  };
}
