export { Authorities } from './authorities.js';
export type { Usability } from './authorities.js';
export { connectionAdvice } from './connection-advice.js';
export type { PeerSettings } from './connection-advice.js';
export { derElements, derInteger } from './der.js';
export { daysUntil, outlook, WARN_DAYS } from './expiry.js';
export type { Dated, Outlook } from './expiry.js';
export { checkOwnCertificate } from './own-certificate.js';
