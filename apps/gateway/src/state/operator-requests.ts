/** Requests of an operator on this machine, through files in the state directory; the head of a worker handles them. */
import { Injectable } from '@nestjs/common';
import type { OnApplicationShutdown } from '@nestjs/common';
import { StateRequests } from '#libs/files';
import type { RequestHandler } from '#libs/files';
import { logEvent } from '../log-events.js';
import { StateDirectory } from './state-directory.js';

@Injectable()
export class OperatorRequests implements OnApplicationShutdown {
  readonly #requests: StateRequests | undefined;

  constructor({ isOwn, path }: StateDirectory) {
    const onFault = (reason: string): void => logEvent('error', 'operator-files-unusable', { reason });
    this.#requests = isOwn ? new StateRequests(path, onFault) : undefined;
  }

  handle(name: string, handler: RequestHandler): void {
    this.#requests?.handle(name, handler);
  }

  onApplicationShutdown(): Promise<void> | undefined {
    return this.#requests?.close();
  }
}
