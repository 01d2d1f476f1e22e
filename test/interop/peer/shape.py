"""CBOR within its bounds [P-4.1] and the shapes of bodies and records: sections 4 and 5."""

import struct

import cbor2

from wire import Drop

DEPTH_MAX, ITEMS_MAX, BOOT_MAX, RECORD_BYTES_MAX = 8, 4096, (1 << 20) - 1, 900
UINT = 1 << 64


class Malformed(Drop):
    def __init__(self, detail):
        super().__init__("malformed", detail)


def need(condition, detail):
    if not condition:
        raise Malformed(detail)


def gate(data):
    """Decodes one CBOR item that fills the data; Malformed if it leaves the bounds."""
    count = 0

    def head(at):
        need(at < len(data), "truncated")
        major, short = data[at] >> 5, data[at] & 31
        if short < 24:
            return major, short, short, at + 1
        need(short <= 27, "indefinite or reserved length")
        size = 1 << (short - 24)
        need(at + 1 + size <= len(data), "truncated")
        value = int.from_bytes(data[at + 1 : at + 1 + size], "big")
        shortest = value >= (24 if size == 1 else 1 << (4 * size))
        need(major == 7 or shortest, "not in shortest form")
        return major, short, value, at + 1 + size

    def item(at, depth):
        nonlocal count
        count += 1
        major, short, value, end = head(at)
        need(count <= ITEMS_MAX and (depth <= DEPTH_MAX or major not in (4, 5)), "too deep or too many items")
        if major in (2, 3):
            need(end + value <= len(data), "truncated")
            if major == 3:
                text(data[end : end + value])
            return end + value
        if major == 4:
            for _ in range(value):
                end = item(end, depth + 1)
        elif major == 5:
            keys = set()
            for _ in range(value):
                need(end < len(data) and data[end] >> 5 in (0, 3), "map key is neither uint nor tstr")
                after = item(end, depth + 1)
                need(data[end:after] not in keys, "duplicate key")
                keys.add(data[end:after])
                end = item(after, depth + 1)
        elif major == 7:
            need(short in (20, 21, 22, 25, 26, 27), "simple value")
            if short >= 25:
                exponent = {25: (10, 31), 26: (23, 255), 27: (52, 2047)}[short]
                need(value >> exponent[0] & exponent[1] != exponent[1], "float is not finite")
        else:
            need(major != 6, "tag")
        return end

    need(item(0, 1) == len(data), "bytes after the end")
    return cbor2.loads(data)


def text(data):
    try:
        need(not data.decode().startswith("\ufeff"), "byte order mark")
    except UnicodeDecodeError as error:
        raise Malformed("text is not UTF-8") from error


def is_uint(value, below=UINT):
    return type(value) is int and 0 <= value < below


def is_bytes(value, size):
    return type(value) is bytes and len(value) == size


def is_boot(value):
    return is_uint(value, BOOT_MAX + 1) and value > 0


def is_version(value):
    return is_uint(value, 1 << 52) and value >> 32 > 0 and value & 0xFFFFFFFF > 0


def is_line_version(value):
    """A line may also lie at the start of a boot, or be none."""
    return is_uint(value, 1 << 52)


def is_list(value, check):
    return type(value) is list and all(check(each) for each in value)


def is_seq(value):
    return is_uint(value, 1 << 32)


def is_endpoint(value):
    return (
        type(value) is list
        and len(value) >= 3
        and value[0] in (1, 2)
        and type(value[1]) is bytes
        and len(value[1]) in (4, 16)
        and is_uint(value[2], 1 << 16)
    )


def is_place(value):
    """In a `node` record: an endpoint, or something of a transport that isn't known here, which is passed over [P-5.16]."""
    return is_endpoint(value) or (type(value) is list and len(value) >= 1 and is_uint(value[0]) and value[0] not in (1, 2))


def is_line(value):
    if type(value) is not list or len(value) < 3:
        return False
    owner, known, span = value[:3]
    return is_bytes(owner, 16) and is_line_version(known) and type(span) is int and is_line_version(known - span)


def is_item(value):
    if type(value) is not list or len(value) < 2 or type(value[0]) is not bytes or not is_uint(value[1]):
        return False
    return len(value[0]) <= RECORD_BYTES_MAX and (len(value) < 3 or type(value[2]) is bytes)


def is_block(value):
    if type(value) is not list or len(value) < 5:
        return False
    owner, to, span, gc_span, items = value[:5]
    return (
        is_bytes(owner, 16)
        and is_line_version(to)
        and is_uint(span)
        and span <= to
        and type(gc_span) is int
        and is_line_version(to - gc_span)
        and is_list(items, is_item)
    )


MESSAGES = {
    1: ("ping", [is_seq, lambda v: v == 0 or is_boot(v)]),
    2: ("ack", [is_seq]),
    3: ("ping-req", [is_seq, lambda v: is_bytes(v, 16), lambda v: v == 0 or is_boot(v), is_endpoint]),
    4: ("nack", [is_seq]),
    5: ("gone", [is_seq, is_boot]),
    6: ("join", [is_seq, lambda v: type(v) is bytes]),
    7: ("presence", [is_uint, is_line_version, is_uint, lambda v: is_bytes(v, 8), is_uint]),
    8: ("blocks", None),
    9: ("digest", [lambda v: is_bytes(v, 8), lambda v: is_list(v, is_line)]),
    10: ("buckets", [lambda v: is_bytes(v, 256)]),
    11: ("have", [lambda v: is_list(v, lambda b: is_uint(b, 64)), lambda v: is_list(v, is_line)]),
    12: ("want", [lambda v: is_list(v, is_line) and v]),
    13: ("lease-ask", [is_uint, lambda v: is_uint(v, 3), lambda v: type(v) is str, lambda v: is_bytes(v, 8)]),
    14: ("lease-answer", [is_uint, is_uint, is_uint, is_uint, is_uint]),
    15: ("padding", [lambda v: type(v) is bytes]),
    16: ("query-reply", [lambda v: is_bytes(v, 16), is_version, lambda v: is_bytes(v, 16), is_uint, lambda v: True, is_uint]),
    17: ("query-got", [lambda v: is_bytes(v, 16), is_version, lambda v: is_bytes(v, 16), is_uint]),
    20: ("value-want", [lambda v: is_bytes(v, 32), lambda v: is_uint(v, 1 << 16) and v > 0]),
    23: ("carry", [lambda v: is_bytes(v, 16), is_boot, lambda v: is_bytes(v, 16), lambda v: is_about_lease(v)]),
    21: ("value-part", [lambda v: is_bytes(v, 32), lambda v: is_uint(v, 16), lambda v: type(v) is bytes and len(v) <= 1024]),
}


def is_about_lease(value):
    """What is carried: one message of section 17."""
    if type(value) is not list or not value or value[0] not in (13, 14):
        return False
    checks, fields = MESSAGES[value[0]][1], value[1:]
    return len(fields) >= len(checks) and all(check(field) for check, field in zip(checks, fields))


def body(data):
    """Parses a body to (sender, boot, [(type, fields)]); unknown types come as `other`."""
    value = gate(data)
    need(type(value) is list and len(value) >= 2, "body")
    sender, boot, *messages = value
    need(is_bytes(sender, 16) and is_boot(boot), "sender")
    parsed = []
    for message in messages:
        need(type(message) is list and message and is_uint(message[0]), "message")
        name, checks = MESSAGES.get(message[0], ("other", []))
        fields = message[1:]
        if name == "blocks":
            need(fields and is_list(fields, is_block), "blocks")
        else:
            need(len(fields) >= len(checks), name)
            need(all(check(field) for check, field in zip(checks, fields)), name)
        parsed.append((name, fields))
    return sender, boot, parsed


def record(data):
    """Decodes the bytes of one record to (version, key, value, meta)."""
    value = gate(data)
    need(type(value) is list and len(value) >= 3, "record")
    version, key, content = value[:3]
    meta = value[3] if len(value) > 3 else {}
    need(is_version(version), "version")
    need(type(key) is str and 1 <= len(key.encode()) <= 128 and is_plain(key), "key")
    need(type(meta) is dict and all(type(each) is int for each in meta), "meta")
    need(1 not in meta or (is_uint(meta[1]) and meta[1] > 0), "ttl")
    need(2 not in meta or (type(meta[2]) is str and is_plain(meta[2])), "unit")
    need(3 not in meta or meta[3] is True, "deleted")
    need(4 not in meta or is_uint(meta[4], 3), "priority")
    need(5 not in meta or is_uint(meta[5]), "uptime")
    need(6 not in meta or is_uint(meta[6], 4), "quality")
    need(7 not in meta or is_uint(meta[7], 2**32), "gc sequence")
    need(8 not in meta or is_batch(meta[8], version, key), "batch")
    need(9 not in meta or (is_long(meta[9]) and content is None and 3 not in meta), "long value")
    value_check(content)
    if key == "node" and 3 not in meta:
        need(is_node(content), "node record")
    if key.startswith("accuse/") and 3 not in meta:
        need(is_accusation(content), "accusation")
    return version, key, content, meta


def mark(key):
    """FNV-1a of 32 bits [P-5.40]."""
    result = 0x811C9DC5
    for each in key.encode():
        result = (result ^ each) * 0x01000193 % (1 << 32)
    return result


def is_batch(value, version, key):
    if type(value) is not list or len(value) < 2 or type(value[1]) is not bytes:
        return False
    place, marks = value[0], [int.from_bytes(value[1][i : i + 4], "big") for i in range(0, len(value[1]), 4)]
    if len(value[1]) % 4 or not 2 <= len(marks) <= 32 or not is_uint(place, len(marks)):
        return False
    return marks[place] == mark(key) and version % (1 << 32) > place


def is_long(value):
    return type(value) is list and len(value) >= 2 and is_uint(value[0], 16385) and value[0] > 0 and is_bytes(value[1], 32)


def is_plain(value):
    return not any(ord(each) < 32 or 127 <= ord(each) < 160 for each in value)


def value_check(value):
    if type(value) is int:
        need(-(1 << 63) <= value < UINT, "integer")
    elif type(value) is list:
        for each in value:
            value_check(each)
    elif type(value) is dict:
        for key, each in value.items():
            need(type(key) is str, "key of a map in a value")
            value_check(each)


def is_node(value):
    if type(value) is not list or len(value) < 6:
        return False
    name, incarnation, state, endpoints, tags, protocol = value[:6]
    return (
        type(name) is str
        and is_uint(incarnation, 1 << 32)
        and is_uint(state, 4)
        and is_list(endpoints, is_place)
        and type(tags) is dict
        and all(type(k) is str and type(v) is str for k, v in tags.items())
        and is_uint(protocol)
    )


def is_accusation(value):
    if type(value) is not list or len(value) < 5:
        return False
    target, boot, incarnation, stage, evidence = value[:5]
    return is_bytes(target, 16) and is_boot(boot) and is_uint(incarnation, 1 << 32) and is_uint(stage, 2) and type(evidence) is list


def encode_value(value):
    """Integral floats become integers [P-4.3]; the rest is shortest form."""
    if type(value) is float and value.is_integer() and abs(value) <= 2**53 and struct.pack(">d", value) != struct.pack(">d", -0.0):
        return int(value)
    if type(value) is list:
        return [encode_value(each) for each in value]
    if type(value) is dict:
        return {key: encode_value(each) for key, each in value.items()}
    return value


def encode_record(version, key, value, meta):
    return cbor2.dumps([version, key, encode_value(value)] + ([meta] if meta else []))
