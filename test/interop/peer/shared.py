"""Shared data: section 16. A state is kept as it stands in slots; joining looks at all slots at once."""

import struct

LIFE_MAX, COUNT_MAX, NUMBER_MAX, LAMPORT_MAX = (1 << 52) - 1, (1 << 53) - 1, (1 << 32) - 1, 1 << 48


class NoSlot(Exception):
    """What stands there isn't a state of its type."""


def need(condition):
    if not condition:
        raise NoSlot


def encode(value):
    """The bytes by which values are compared [P-16.3]."""
    if value is None or isinstance(value, bool):
        return {None: b"\xf6", False: b"\xf4", True: b"\xf5"}[value]
    if isinstance(value, float) and value.is_integer() and abs(value) <= 1 << 53 and str(value) != "-0.0":
        value = int(value)
    if isinstance(value, int):
        return head(0, value) if value >= 0 else head(1, -1 - value)
    if isinstance(value, float):
        try:
            short = struct.pack(">f", value)
            exact = struct.unpack(">f", short)[0] == value
        except OverflowError:
            exact = False
        return b"\xfa" + short if exact else b"\xfb" + struct.pack(">d", value)
    if isinstance(value, bytes):
        return head(2, len(value)) + value
    if isinstance(value, str):
        return head(3, len(value.encode())) + value.encode()
    if isinstance(value, (list, tuple)):
        return head(4, len(value)) + b"".join(map(encode, value))
    pairs = sorted((encode(key), encode(item)) for key, item in value.items())
    return head(5, len(pairs)) + b"".join(key + item for key, item in pairs)


def head(major, value):
    if value < 24:
        return bytes([major << 5 | value])
    size = next(size for size in (1, 2, 4, 8) if value < 1 << (8 * size))
    return bytes([major << 5 | 24 + (1, 2, 4, 8).index(size)]) + value.to_bytes(size, "big")


def distinct(values):
    return [value for _, value in sorted({encode(value): value for value in values}.items())]


def uint(value, low, high):
    need(isinstance(value, int) and not isinstance(value, bool) and low <= value <= high)
    return value


def row(value, least):
    need(isinstance(value, list) and len(value) >= least)
    return value


def node(value):
    need(isinstance(value, bytes) and len(value) == 16)


def depth(value):
    inner = value if isinstance(value, list) else value.values() if isinstance(value, dict) else None
    return 0 if inner is None else 1 + max(map(depth, inner), default=0)


def shallow(value):
    need(depth(value) <= 4)
    return value


def map_key(value):
    need(isinstance(value, str) and 1 <= len(value.encode()) <= 128)


def write(lamport, wall):
    uint(lamport, 1, LAMPORT_MAX)
    uint(wall, 0, COUNT_MAX)


def join_counters(slots, down_max):
    counted, folded = {}, {}
    rows = [each for slot in slots for each in row(slot, 0)]
    for each in rows:
        node(row(each, 4)[0])
        uint(each[1], 1, LIFE_MAX), uint(each[2], 0, COUNT_MAX), uint(each[3], 0, down_max)
        if each[4:5] == [True]:
            key = each[0]
            old = folded.get(key, (0, 0, 0))
            new = tuple(each[1:4])
            folded[key] = max(old, new) if old[0] != new[0] else (old[0], max(old[1], new[1]), max(old[2], new[2]))
    for each in rows:
        if each[4:5] != [True] and each[1] > folded.get(each[0], (0,))[0]:
            up, down = counted.get((each[0], each[1]), (0, 0))
            counted[each[0], each[1]] = max(up, each[2]), max(down, each[3])
    joined = [[key, *row_of, True] for key, row_of in folded.items()]
    joined += [[key, life, *tally] for (key, life), tally in counted.items()]
    return sorted(joined, key=lambda each: each[:2]), sum(each[2] - each[3] for each in joined)


def join_numbers(slots, best):
    for slot in slots:
        need(isinstance(slot, float) or isinstance(slot, int) and not isinstance(slot, bool) and abs(slot) <= 1 << 53)
    number = best(slots) + 0
    return number, number


def join_lww(slots):
    for slot in slots:
        node(row(slot, 5)[1])
        write(slot[0], slot[3])
        uint(slot[2], 1, LIFE_MAX)
        shallow(slot[4])
    last = max(slots, key=lambda slot: (slot[0], slot[1], slot[2], encode([slot[3], slot[4]])))
    return last[:5], last[4]


def join_gset(slots):
    elements = distinct(shallow(element) for slot in slots for element in row(slot, 0))
    return elements, elements


class Dots:
    """One slot of dots [P-16.9]."""

    def __init__(self, slot, content):
        floors, lives, entries = row(slot, 3)[:3]
        self.floors, self.lives, self.entries = {}, {}, {}
        for each in row(floors, 0):
            node(row(each, 2)[0])
            need(each[0] not in self.floors)
            self.floors[each[0]] = uint(each[1], 1, LIFE_MAX)
        places = []
        for each in row(lives, 0):
            node(row(each, 3)[0])
            key = each[0], uint(each[1], 1, LIFE_MAX)
            need(key not in self.lives)
            self.lives[key] = uint(each[2], 0, NUMBER_MAX), {uint(number, 1, NUMBER_MAX) for number in each[3:]}
            places.append(key)
        for each in row(entries, 0):
            dot = *places[uint(row(each, 2)[0], 0, len(places) - 1)], uint(each[1], 1, NUMBER_MAX)
            need(dot not in self.entries and self.knows(dot))
            self.entries[dot] = content(each[2:])

    def knows(self, dot):
        seen, further = self.lives.get(dot[:2], (0, ()))
        return dot[1] < self.floors.get(dot[0], 0) or dot[2] <= seen or dot[2] in further


def join_dots(slots, content, value):
    states, standing = [Dots(slot, content) for slot in slots], {}
    for dot in {dot for state in states for dot in state.entries}:
        if all(dot in state.entries or not state.knows(dot) for state in states):
            standing[dot] = max((state.entries[dot] for state in states if dot in state.entries), key=encode)
    floors = {key: max(state.floors.get(key, 0) for state in states) for state in states for key in state.floors}
    lives, entries = [], []
    for key in sorted({key for state in states for key in state.lives}):
        below = key[1] < floors.get(key[0], 0)
        here = sorted(dot for dot in standing if dot[:2] == key)
        if below and not here:
            continue
        known = [] if below else [state.lives[key] for state in states if key in state.lives]
        seen = max((each[0] for each in known), default=0)
        further = set().union(*(each[1] for each in known))
        while seen + 1 in further:
            seen += 1
        entries += [[len(lives), dot[2], *standing[dot]] for dot in here]
        lives.append([*key, seen, *sorted(number for number in further if number > seen)])
    return [[list(item) for item in sorted(floors.items())], lives, entries], value(standing)


def one_value(cells):
    return [shallow(row(cells, 1)[0])]


def keyed_value(cells):
    map_key(row(cells, 2)[0])
    return [cells[0], shallow(cells[1])]


def keyed_write(cells):
    map_key(row(cells, 4)[0])
    write(cells[1], cells[2])
    need(cells[3] in (0, 1) and not isinstance(cells[3], bool) and len(cells) >= 4 + cells[3])
    return cells[:4] + [shallow(item) for item in cells[4 : 4 + cells[3]]]


def values(standing):
    return distinct(cells[0] for cells in standing.values())


def values_by_key(standing):
    keys = {cells[0] for cells in standing.values()}
    return {key: distinct(cells[1] for cells in standing.values() if cells[0] == key) for key in keys}


def last_by_key(standing):
    last = {}
    for dot in sorted(standing, key=lambda dot: (standing[dot][1], *dot)):
        last[standing[dot][0]] = standing[dot]
    return {key: cells[4] for key, cells in last.items() if cells[3] == 1}


JOIN = {
    "gcounter": lambda slots: join_counters(slots, 0),
    "pncounter": lambda slots: join_counters(slots, COUNT_MAX),
    "max": lambda slots: join_numbers(slots, max),
    "min": lambda slots: join_numbers(slots, min),
    "lww": join_lww,
    "gset": join_gset,
    "mv": lambda slots: join_dots(slots, one_value, values),
    "orset": lambda slots: join_dots(slots, one_value, values),
    "ormap": lambda slots: join_dots(slots, keyed_value, values_by_key),
    "lwwmap": lambda slots: join_dots(slots, keyed_write, last_by_key),
}


def join(kind, slots):
    """The joined state as a slot, and what is seen. NoSlot if one of the slots is none."""
    return JOIN[kind](slots)
