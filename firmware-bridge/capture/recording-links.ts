import type { ClockPort } from '../ports/clock-port.ts';
import { endpointText, type LinkPort } from '../ports/link-port.ts';
import { encodeCaptureEntry, encodeCaptureHead } from './capture.ts';

/** Puts a listener between ports and whoever opens them: `write` gets the lines of a capture file as things happen. */
export function recordingLinks(links: LinkPort, clock: ClockPort, write: (line: string) => void): LinkPort {
  let startedAtMs: number | undefined;
  const sinceStart = () => clock.nowMs() - (startedAtMs ?? 0);
  return {
    open(endpoint, events) {
      if (startedAtMs === undefined) {
        startedAtMs = clock.nowMs();
        write(encodeCaptureHead({ address: endpointText(endpoint), startedAtMs: clock.wallMs() }));
      }
      const link = links.open(endpoint, {
        opened() {
          write(encodeCaptureEntry({ atMs: sinceStart(), kind: 'opened' }));
          events.opened();
        },
        bytes(chunk) {
          write(encodeCaptureEntry({ atMs: sinceStart(), kind: 'in', bytes: chunk }));
          events.bytes(chunk);
        },
        closed(end) {
          write(encodeCaptureEntry({ atMs: sinceStart(), kind: 'closed', ...end }));
          events.closed(end);
        },
      });
      return {
        write(bytes) {
          write(encodeCaptureEntry({ atMs: sinceStart(), kind: 'out', bytes }));
          link.write(bytes);
        },
        pause: () => link.pause(),
        resume: () => link.resume(),
        close: () => link.close(),
      };
    },
  };
}
