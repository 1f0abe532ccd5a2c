/** Longer than messages needs, shorter than what asks for health waits. */
const DEADLINE_MS = 2_000;

/** Undefined when there is no answer in time: whether a service answers is told among the dependencies. */
export async function answerWithin<T>(
  answer: Promise<T>,
  ms: number = DEADLINE_MS,
): Promise<T | undefined> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), ms);
  });
  const first = await Promise.race([answer.catch(() => undefined), late]);
  clearTimeout(timer);
  return first;
}
