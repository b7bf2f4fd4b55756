/** The carrier that QRNG_PUSH_URL names. */
import { PACKET_OVERHEAD_BYTES } from '#libs/crypto';
import type { CollectorSettings } from '../settings.js';
import type { Carrier } from './carrier.js';
import type { Identity } from './identity.js';
import { PushClient } from './push.client.js';
import { SpoolCarrier } from './spool.carrier.js';
import { UdpCarrier } from './udp.carrier.js';

export function carrierOf(settings: Readonly<CollectorSettings>, identity: Identity): Carrier {
  const url = new URL(settings.QRNG_PUSH_URL);
  switch (url.protocol) {
    case 'udp:':
      return new UdpCarrier({
        host: url.hostname.replace(/^\[|\]$/g, ''),
        port: Number(url.port),
        mtu: settings.QRNG_UDP_MTU,
        bytesPerSecond: settings.QRNG_PUSH_BYTES_PER_SECOND,
      });
    case 'spool:':
      return new SpoolCarrier({
        directory: decodeURIComponent(url.pathname),
        maxBytes: settings.QRNG_SPOOL_MAX_BYTES,
        // A packet that is larger than the spool would wait forever.
        maxData: Math.min(
          settings.QRNG_PUSH_MAX_BYTES,
          settings.QRNG_SPOOL_MAX_BYTES - PACKET_OVERHEAD_BYTES,
        ),
      });
    default:
      return new PushClient(settings, identity);
  }
}
