/**
 * What a process counts, from `/metrics` of its internal port: a series, or the sum of a metric over its labels; 0 when
 * it is not there.
 * @param name of a metric, or of a series as it is written there: `push_breaker_open{platform="apns"}`
 */
export async function metricOf(
  { internalUrl }: { internalUrl: string },
  name: string,
): Promise<number> {
  const text = await (await fetch(`${internalUrl}/metrics`)).text();
  const values = text
    .split('\n')
    .filter((line) => line.startsWith(`${name} `) || line.startsWith(`${name}{`))
    .map((line) => Number(line.split(' ').at(-1)));
  return values.reduce((sum, value) => sum + value, 0);
}
