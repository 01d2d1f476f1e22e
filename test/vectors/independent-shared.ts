/**
 * A naive reader of shared data, written from section 16 of the specification and sharing no code with the runtime. It knows a
 * state as a list of plain facts, and asks them all each time.
 */

type Cbor = unknown;
type Row = readonly Cbor[];

/** What a list of slots comes to: the joined state as one slot, and what is seen; undefined where one of them is none. */
export function joinSlots(type: string, slots: readonly Cbor[]): { joined: Cbor; value: Cbor } | undefined {
  const kind = KINDS[type];
  return kind === undefined || !slots.every(kind.isSlot) ? undefined : kind.join(slots);
}

/** [P-16.3] */
export function encode(value: Cbor): Buffer {
  if (value === null) return Buffer.of(0xf6);
  if (typeof value === 'boolean') return Buffer.of(value ? 0xf5 : 0xf4);
  if (typeof value === 'bigint') return value < 0n ? head(1, -1n - value) : head(0, value);
  if (typeof value === 'number') return encodeNumber(value);
  if (typeof value === 'string')
    return Buffer.concat([head(3, BigInt(Buffer.byteLength(value))), Buffer.from(value)]);
  if (value instanceof Uint8Array) return Buffer.concat([head(2, BigInt(value.length)), value]);
  if (Array.isArray(value)) return Buffer.concat([head(4, BigInt(value.length)), ...value.map(encode)]);
  const entries = [...(value as Map<string, Cbor>)].map(
    ([key, item]) => [encode(key), encode(item)] as const,
  );
  entries.sort(([a], [b]) => Buffer.compare(a, b));
  return Buffer.concat([head(5, BigInt(entries.length)), ...entries.flat()]);
}

function encodeNumber(value: number): Buffer {
  if (Number.isInteger(value) && Math.abs(value) <= 2 ** 53 && !Object.is(value, -0))
    return encode(BigInt(value));
  const bytes = Buffer.alloc(Math.fround(value) === value ? 5 : 9);
  bytes[0] = bytes.length === 5 ? 0xfa : 0xfb;
  if (bytes.length === 5) bytes.writeFloatBE(value, 1);
  else bytes.writeDoubleBE(value, 1);
  return bytes;
}

function head(major: number, value: bigint): Buffer {
  if (value < 24n) return Buffer.of((major << 5) | Number(value));
  const size = value < 256n ? 1 : value < 65_536n ? 2 : value < 2n ** 32n ? 4 : 8;
  const bytes = Buffer.alloc(1 + size);
  bytes[0] = (major << 5) | (24 + Math.log2(size));
  for (let i = 0; i < size; i++) bytes[size - i] = Number((value >> BigInt(8 * i)) & 255n);
  return bytes;
}

const hex = (value: Cbor) => encode(value).toString('hex');
const byOrder = (a: Cbor, b: Cbor) => Buffer.compare(encode(a), encode(b));
const distinct = (values: readonly Cbor[]) =>
  [...new Map(values.map((value) => [hex(value), value])).values()].sort(byOrder);

const isList = (value: Cbor): value is Cbor[] => Array.isArray(value);
const isUint = (value: Cbor, min: number, max: number) =>
  (typeof value === 'number' || typeof value === 'bigint') &&
  Number.isInteger(Number(value)) &&
  value >= min &&
  value <= max;
const isId = (value: Cbor) => value instanceof Uint8Array && value.length === 16;
const isLife = (value: Cbor) => isUint(value, 1, 2 ** 52 - 1);
const isCount = (value: Cbor) => isUint(value, 0, Number.MAX_SAFE_INTEGER);
const isNumber = (value: Cbor, min = 1) => isUint(value, min, 2 ** 32 - 1);
const isLamport = (value: Cbor) => isUint(value, 1, 2 ** 48);
const isKey = (value: Cbor) => typeof value === 'string' && value !== '' && Buffer.byteLength(value) <= 128;
const isValue = (value: Cbor) => value !== undefined && depth(value) <= 4;

function depth(value: Cbor): number {
  if (isList(value)) return 1 + Math.max(0, ...value.map(depth));
  return value instanceof Map ? 1 + Math.max(0, ...[...value.values()].map(depth)) : 0;
}

interface Kind {
  isSlot(slot: Cbor): boolean;
  join(slots: readonly Cbor[]): { joined: Cbor; value: Cbor };
}

function counter(onlyUp: boolean): Kind {
  return {
    isSlot: (slot) =>
      isList(slot) &&
      slot.every(
        (row) =>
          isList(row) &&
          isId(row[0]) &&
          isLife(row[1]) &&
          isCount(row[2]) &&
          isCount(row[3]) &&
          (!onlyUp || Number(row[3]) === 0),
      ),
    join(slots) {
      const rows = slots.flat() as Row[];
      const sameNode = (a: Row, b: Row) => hex(a[0]) === hex(b[0]);
      const isFolded = (row: Row) => row[4] === true;
      const foldOf = (row: Row) =>
        Math.max(
          0,
          ...rows.filter((other) => isFolded(other) && sameNode(row, other)).map((other) => Number(other[1])),
        );
      const counting = rows.filter((row) =>
        isFolded(row) ? Number(row[1]) === foldOf(row) : Number(row[1]) > foldOf(row),
      );
      const joined = distinct(counting.map((row) => [row[0], row[1]])).map((place) => {
        const [id, life] = place as Row;
        const same = counting.filter((row) => hex([row[0], row[1]]) === hex([id, life]));
        const high = (at: number) => Math.max(...same.map((row) => Number(row[at])));
        return [id, life, high(2), high(3), ...(same.some(isFolded) ? [true] : [])];
      });
      const value = joined.reduce(
        (sum, row) => sum + BigInt(row[2] as number) - BigInt(row[3] as number),
        0n,
      );
      return { joined, value };
    },
  };
}

function extremum(best: (...numbers: number[]) => number): Kind {
  return {
    isSlot: (slot) =>
      typeof slot === 'number' || (typeof slot === 'bigint' && slot <= 2n ** 53n && slot >= -(2n ** 53n)),
    join(slots) {
      const value = best(...slots.map((slot) => Number(slot) + 0));
      return { joined: value, value };
    },
  };
}

const lww: Kind = {
  isSlot: (slot) =>
    isList(slot) &&
    isLamport(slot[0]) &&
    isId(slot[1]) &&
    isLife(slot[2]) &&
    isCount(slot[3]) &&
    isValue(slot[4]),
  join(slots) {
    const later = (a: Row, b: Row) =>
      byOrder(a[0], b[0]) ||
      byOrder(a[1], b[1]) ||
      byOrder(a[2], b[2]) ||
      byOrder([a[3], a[4]], [b[3], b[4]]);
    const last = (slots as Row[]).toSorted(later).at(-1) ?? [];
    return { joined: last.slice(0, 5), value: last[4] };
  },
};

const gset: Kind = {
  isSlot: (slot) => isList(slot) && slot.every(isValue),
  join(slots) {
    const joined = distinct(slots.flat());
    return { joined, value: joined };
  },
};

/** One write of a state of dots: where, and with what. */
interface Entry {
  readonly id: Uint8Array;
  readonly life: number;
  readonly number: number;
  readonly content: Row;
}

interface Dots {
  readonly floors: Row[];
  readonly lives: Row[];
  readonly entries: Entry[];
}

function dots(
  isContent: (content: Row) => boolean,
  length: number,
  shownOf: (entries: readonly Entry[]) => Cbor,
): Kind {
  const read = (slot: Cbor): Dots => {
    const [floors, lives, rows] = slot as [Row[], Row[], Row[]];
    const entries = rows.map(([place, number, ...content]) => {
      const [id, life] = lives[Number(place)];
      return {
        id: id as Uint8Array,
        life: Number(life),
        number: Number(number),
        content: content.slice(0, length),
      };
    });
    return { floors, lives, entries };
  };
  return {
    isSlot: (slot) => isDotsSlot(slot, isContent) && isWhole(read(slot)),
    join(slots) {
      const states = slots.map(read);
      const all = states.flatMap(({ entries }) => entries);
      // It stands unless a state knows it and doesn't list it.
      const standing = all.filter((entry) =>
        states.every(
          (state) => state.entries.some((other) => samePlace(other, entry)) || !knows(state, entry),
        ),
      );
      const chosen = standing.filter(
        (entry) =>
          !standing.some((other) => samePlace(other, entry) && byOrder(other.content, entry.content) > 0),
      );
      const entries = [
        ...new Map(chosen.map((entry) => [hex([entry.id, entry.life, entry.number]), entry])).values(),
      ];
      return { joined: slotOf(states, entries), value: shownOf(entries) };
    },
  };
}

function isDotsSlot(slot: Cbor, isContent: (content: Row) => boolean): boolean {
  if (!isList(slot) || slot.length < 3) return false;
  const [floors, lives, entries] = slot;
  return (
    isList(floors) &&
    floors.every((row) => isList(row) && isId(row[0]) && isLife(row[1])) &&
    isList(lives) &&
    lives.every(
      (row) =>
        isList(row) &&
        isId(row[0]) &&
        isLife(row[1]) &&
        isNumber(row[2], 0) &&
        row.slice(3).every((cell) => isNumber(cell)),
    ) &&
    isList(entries) &&
    entries.every(
      (row) =>
        isList(row) && isUint(row[0], 0, lives.length - 1) && isNumber(row[1]) && isContent(row.slice(2)),
    )
  );
}

/** [P-16.9]: nothing twice, and each entry known. */
function isWhole(state: Dots): boolean {
  const once = (names: readonly Cbor[]) => distinct(names).length === names.length;
  return (
    once(state.floors.map((row) => row[0])) &&
    once(state.lives.map((row) => [row[0], row[1]])) &&
    once(state.entries.map(({ id, life, number }) => [id, life, number])) &&
    state.entries.every((entry) => knows(state, entry))
  );
}

function samePlace(a: Entry, b: Entry): boolean {
  return hex([a.id, a.life, a.number]) === hex([b.id, b.life, b.number]);
}

function knows({ floors, lives }: Dots, { id, life, number }: Entry): boolean {
  const below = floors.some((row) => hex(row[0]) === hex(id) && life < Number(row[1]));
  const rows = lives.filter((row) => hex([row[0], row[1]]) === hex([id, life]));
  return below || rows.some((row) => number <= Number(row[2]) || row.slice(3).map(Number).includes(number));
}

/** The one form: ascending, known numbers in a row in `seen`, of lives below the floor only what stands. */
function slotOf(states: readonly Dots[], entries: readonly Entry[]): Cbor {
  const floors = distinct(states.flatMap((state) => state.floors.map((row) => row[0]))).map((id) => {
    const ofNode = states.flatMap((state) => state.floors).filter((row) => hex(row[0]) === hex(id));
    return [id, Math.max(...ofNode.map((row) => Number(row[1])))];
  });
  const lives: Cbor[] = [];
  const rows: Cbor[] = [];
  for (const place of distinct(states.flatMap((state) => state.lives.map((row) => [row[0], row[1]])))) {
    const [id, life] = place as Row;
    const isBelow = floors.some((row) => hex(row[0]) === hex(id) && Number(life) < Number(row[1]));
    const standing = entries
      .filter((entry) => hex([entry.id, entry.life]) === hex([id, life]))
      .sort((a, b) => a.number - b.number);
    if (isBelow && standing.length === 0) continue;
    const same = states
      .flatMap((state) => state.lives)
      .filter((row) => hex([row[0], row[1]]) === hex([id, life]));
    let seen = isBelow ? 0 : Math.max(...same.map((row) => Number(row[2])));
    const numbers = new Set(isBelow ? [] : same.flatMap((row) => row.slice(3).map(Number)));
    while (numbers.has(seen + 1)) seen++;
    for (const { number, content } of standing) rows.push([lives.length, number, ...content]);
    lives.push([id, life, seen, ...[...numbers].filter((number) => number > seen).sort((a, b) => a - b)]);
  }
  return [floors, lives, rows];
}

const valuesOf = (entries: readonly Entry[]) => distinct(entries.map(({ content }) => content[0]));
const byKey = (entries: readonly Entry[], shownOf: (entries: readonly Entry[]) => Cbor) =>
  new Map(
    Array.from(
      Map.groupBy(entries, ({ content }) => content[0]),
      ([key, same]) => [key, shownOf(same)],
    ),
  );

/** [P-16.10] */
function last(entries: readonly Entry[]): Row {
  const stamp = ({ id, life, number, content }: Entry) => [content[1], id, life, number] as const;
  const later = (a: Entry, b: Entry) =>
    stamp(a).reduce<number>((order, cell, i) => order || byOrder(cell, stamp(b)[i]), 0);
  return entries.toSorted(later).at(-1)?.content ?? [];
}

const values = dots((content) => isValue(content[0]), 1, valuesOf);
const KINDS: Readonly<Record<string, Kind>> = {
  gcounter: counter(true),
  pncounter: counter(false),
  max: extremum(Math.max),
  min: extremum(Math.min),
  lww,
  gset,
  mv: values,
  orset: values,
  ormap: dots(
    (content) => isKey(content[0]) && isValue(content[1]),
    2,
    (entries) => byKey(entries, (same) => distinct(same.map(({ content }) => content[1]))),
  ),
  lwwmap: dots(
    ([key, lamport, wall, kind, value]) =>
      isKey(key) &&
      isLamport(lamport) &&
      isCount(wall) &&
      (Number(kind) === 0 || (Number(kind) === 1 && isValue(value))),
    5,
    (entries) =>
      new Map(
        [...byKey(entries, (same) => last(same))].flatMap(([key, write]) => {
          const [, , , kind, value] = write as Row;
          return Number(kind) === 1 ? [[key, value] as const] : [];
        }),
      ),
  ),
};
