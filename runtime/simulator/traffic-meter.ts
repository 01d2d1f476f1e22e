/** Traffic of one host up to some moment: UDP payload, a multicast counted once by its sender. */
export interface Traffic {
  readonly sentBytes: number;
  readonly sentDatagrams: number;
  readonly receivedBytes: number;
  readonly receivedDatagrams: number;
}

/** Counts what one host sends and receives. */
export class TrafficMeter {
  #sentBytes = 0;
  #sentDatagrams = 0;
  #receivedBytes = 0;
  #receivedDatagrams = 0;
  #second = -1;
  #sentThisSecond = 0;
  #peakBytesPerSecond = 0;

  get total(): Traffic {
    return {
      sentBytes: this.#sentBytes,
      sentDatagrams: this.#sentDatagrams,
      receivedBytes: this.#receivedBytes,
      receivedDatagrams: this.#receivedDatagrams,
    };
  }

  /** The most bytes sent within one whole second of the simulation, since the last `resetPeak`. */
  get peakBytesPerSecond(): number {
    return this.#peakBytesPerSecond;
  }

  resetPeak(): void {
    this.#sentThisSecond = 0;
    this.#peakBytesPerSecond = 0;
  }

  countSent(nowMs: number, bytes: number): void {
    this.#sentBytes += bytes;
    this.#sentDatagrams++;
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#sentThisSecond = 0;
    }
    this.#sentThisSecond += bytes;
    if (this.#sentThisSecond > this.#peakBytesPerSecond) this.#peakBytesPerSecond = this.#sentThisSecond;
  }

  countReceived(bytes: number): void {
    this.#receivedBytes += bytes;
    this.#receivedDatagrams++;
  }
}
