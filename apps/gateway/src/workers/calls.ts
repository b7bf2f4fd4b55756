/** What the head and its workers ask of each other about the workers themselves. */
import { declareCall, declareNotice } from '../link/call.js';
import type { MetricValues } from '../metrics/gateway-metrics.js';

/** What a worker has counted. */
type Snapshot = readonly MetricValues[];

export const PORT = declareCall<undefined, number>('port');
export const LISTENING = declareNotice<{ url: string }>('listening');
export const SNAPSHOT = declareCall<undefined, Snapshot>('snapshot');
export const LAST_SNAPSHOT = declareCall<Snapshot, true>('last-snapshot');
/** Has the worker read keys and certificates again, as SIGHUP does. */
export const RELOAD = declareNotice<undefined>('reload');
/** Has the worker let a client or a network in again, as `npm run unblock` does. */
export const LET_IN = declareNotice<{ name: string }>('let-in');
