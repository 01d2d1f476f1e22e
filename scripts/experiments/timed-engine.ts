import type { GossipEngine } from '#runtime/engine/contract.ts';

/** How long engines were at work. */
export class EngineTime {
  #ms = 0;

  /** Wall time inside of engines since the last call, in milliseconds. */
  take(): number {
    const ms = this.#ms;
    this.#ms = 0;
    return ms;
  }

  add(ms: number): void {
    this.#ms += ms;
  }
}

/** The same engine; the time that its methods take is added up. */
export function timedEngine(engine: GossipEngine, time: EngineTime): GossipEngine {
  const methods = new Map<string | symbol, unknown>();
  return new Proxy(engine, {
    get(target, name) {
      const known = methods.get(name);
      if (known !== undefined) return known;
      const value = Reflect.get(target, name, target) as unknown;
      if (typeof value !== 'function') return value;
      const timed = (...args: readonly unknown[]) => {
        const startMs = performance.now();
        try {
          return Reflect.apply(value, target, args);
        } finally {
          time.add(performance.now() - startMs);
        }
      };
      methods.set(name, timed);
      return timed;
    },
  });
}
