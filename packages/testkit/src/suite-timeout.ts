/**
 * Milliseconds for each test of a suite. A runner's default of five seconds suits unit tests; a suite trains, and on a machine that
 * is busy with something else a slow test must not look like a broken algorithm.
 */
export const SUITE_TIMEOUT = 120_000;
