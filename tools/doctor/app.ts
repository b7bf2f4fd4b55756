/** The two apps that the doctor examines. */
export type App = 'collector' | 'gateway';
