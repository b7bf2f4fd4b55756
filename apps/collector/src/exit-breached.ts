/** The exit code of a collector that could be reached, or in which something tried what it must not: EX_SOFTWARE of sysexits.h. */
export const EXIT_BREACHED = 70;
