/** How old and how far ahead a packet may be, in every story: the defaults of the settings, ms. */
export const WINDOW = { ttlMs: 300_000, skewMs: 60_000 };
