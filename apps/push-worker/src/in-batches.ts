/**
 * Asks for many things with one call: what is asked for in one turn of the event loop, or while all calls are under
 * way, shares the next one. A call that fails has failed for all that share it.
 */
export function inBatches<Request, Answer>(
  askAll: (requests: Request[]) => Promise<Answer[]>,
  { most, atOnce }: { most: number; atOnce: number },
): (request: Request) => Promise<Answer> {
  interface Waiting {
    request: Request;
    resolve(answer: Answer): void;
    reject(error: unknown): void;
  }
  let waiting: Waiting[] = [];
  let underWay = 0;
  let isDue = false;

  function pump(): void {
    if (isDue || underWay >= atOnce || waiting.length === 0) return;
    isDue = true;
    setImmediate(() => {
      isDue = false;
      const batch = waiting.slice(0, most);
      waiting = waiting.slice(most);
      underWay += 1;
      void ask(batch).finally(() => {
        underWay -= 1;
        pump();
      });
      pump();
    });
  }

  async function ask(batch: Waiting[]): Promise<void> {
    try {
      const answers = await askAll(batch.map(({ request }) => request));
      if (answers.length !== batch.length) throw new TypeError('not an answer to each');
      answers.forEach((answer, index) => batch[index]?.resolve(answer));
    } catch (error) {
      for (const { reject } of batch) reject(error);
    }
  }

  return (request) =>
    new Promise((resolve, reject) => {
      waiting.push({ request, resolve, reject });
      pump();
    });
}
