/** A reader of server-sent events that remembers what it was sent. */
export interface ReadEvent {
  readonly id: string;
  readonly name: string;
  readonly body: unknown;
}

export interface EventReader {
  readonly answer: Response;
  readonly events: readonly ReadEvent[];
  /** Reads until what has come satisfies. @throws where the stream ends before. */
  until(isEnough: (events: readonly ReadEvent[]) => boolean): Promise<void>;
  /** Leaves. */
  close(): Promise<void>;
}

/** @param answer - of a request that accepts `text/event-stream`. */
export function newEventReader(answer: Response): EventReader {
  const events: ReadEvent[] = [];
  const reader = answer.body?.getReader();
  const decoder = new TextDecoder();
  let rest = '';

  function take(text: string): void {
    const parts = (rest + text).split('\n\n');
    rest = parts.pop() ?? '';
    for (const part of parts) {
      const field = (name: string) => new RegExp(`^${name}: (.*)$`, 'm').exec(part)?.[1];
      const [id, name, data] = [field('id'), field('event'), field('data')];
      if (id === undefined || name === undefined || data === undefined) continue;
      events.push({ id, name, body: JSON.parse(data) as unknown });
    }
  }

  return {
    answer,
    events,
    async until(isEnough) {
      while (!isEnough(events)) {
        const step = await reader?.read();
        if (step === undefined || step.done) throw new Error('the stream has ended');
        take(decoder.decode(step.value as Uint8Array, { stream: true }));
      }
    },
    close: async () => {
      await reader?.cancel();
    },
  };
}
