import { type Endpoint, formatEndpoint, isNamed } from '../core/endpoint.ts';
import type { MemberView } from '../core/views.ts';
import type { WhyView } from '../core/why.ts';
import { formatTarget, type Targets } from '../transport/http/targets.ts';

/** Shows people a listener by the name that they gave it, not by the address that stands for the name within the engine. */
export class ShownPlaces {
  readonly #targets: Targets;

  constructor(targets: Targets) {
    this.#targets = targets;
  }

  /** Whom it was told to call, in the words of who told it. */
  seed(endpoint: Endpoint): string {
    return endpoint.transport === 'http'
      ? formatTarget(this.#targets.of(endpoint))
      : formatEndpoint(endpoint);
  }

  member(view: MemberView): MemberView {
    return view.path === null || !isNamed(view.path) ? view : { ...view, path: this.#place(view.path) };
  }

  why(view: WhyView): WhyView {
    const { paths = [], twin } = view;
    return {
      ...view,
      member: this.member(view.member),
      paths: paths.map((path) => ({ ...path, endpoint: this.#place(path.endpoint) })),
      twin: twin && {
        ...twin,
        lives: twin.lives.map((life) => ({ ...life, endpoint: this.#place(life.endpoint) })),
      },
    };
  }

  #place(endpoint: Endpoint): Endpoint {
    return isNamed(endpoint) ? { ...endpoint, address: this.#targets.of(endpoint).host } : endpoint;
  }
}
