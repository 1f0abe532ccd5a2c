/**
 * The schema of version 3. ANALYZE keeps samples of what is in a column, in a table of the server's: of what people
 * write it keeps none, or they would outlive its deletion. No query is planned by them.
 */
export const NO_SAMPLES = `
  ALTER TABLE log
    ALTER data SET STATISTICS 0, ALTER content SET STATISTICS 0, ALTER metadata SET STATISTICS 0,
    ALTER error SET STATISTICS 0, ALTER actions SET STATISTICS 0, ALTER choice SET STATISTICS 0,
    ALTER reactions SET STATISTICS 0;
  ALTER TABLE conversations ALTER title SET STATISTICS 0;
  ALTER TABLE members ALTER tags SET STATISTICS 0`;
