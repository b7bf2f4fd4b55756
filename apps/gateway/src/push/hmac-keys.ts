/** The HMAC keys that are valid now: the current one, and while keys are rotated the previous one. */
import { Injectable } from '@nestjs/common';
import { Keyring, MacKey } from '#libs/crypto';
import { GatewaySettings } from '../settings.js';

@Injectable()
export class HmacKeys {
  readonly ring: Keyring;

  constructor(settings: GatewaySettings) {
    const { QRNG_HMAC_SECRET_KEY: current, QRNG_HMAC_SECRET_KEY_PREVIOUS: previous } = settings;
    this.ring = new Keyring(
      [current, previous].filter((hex) => hex !== undefined).map((hex) => MacKey.fromHex(hex)),
    );
  }
}
