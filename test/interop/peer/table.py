"""The replicated table: records, known and gc lines, blocks and hashes (sections 5 and 7)."""

import hashlib
import time

import cbor2

from shape import encode_record, need, record

AGE_MAX_MS = 100 * 366 * 86_400_000
BLOCK_BYTES = 1000


def now_ms():
    return int(time.monotonic() * 1000)


class Held:
    """One record as it came: its bytes, what they say, and since when (its owner's setting, by this clock)."""

    def __init__(self, raw, age_ms):
        self.raw, self.set_at = raw, now_ms() - min(age_ms, AGE_MAX_MS)
        self.version, self.key, self.value, self.meta = record(raw)

    @property
    def age_ms(self):
        return min(now_ms() - self.set_at, AGE_MAX_MS)

    @property
    def is_deleted(self):
        return 3 in self.meta

    @property
    def is_live(self):
        return not self.is_deleted and not (1 in self.meta and self.age_ms > self.meta[1])


class Owner:
    def __init__(self):
        self.known, self.gc, self.records = 0, 0, {}


class Table:
    """All owners' records. `own_id` is written by `put` alone; blocks about it are the caller's business."""

    def __init__(self, own_id, boot):
        self.own_id, self.owners = own_id, {}
        self.begin(boot)

    def begin(self, boot):
        """A new life of this node forgets what it doesn't put again [P-5.6]."""
        self.boot, own = boot, Owner()
        own.known = own.gc = boot << 32
        self.owners[self.own_id] = own

    def put(self, key, value, meta=None):
        own = self.owners[self.own_id]
        own.known += 1
        own.records[key] = Held(encode_record(own.known, key, value, meta or {}), 0)
        return own.records[key]

    def get(self, owner, key):
        held = self.owners.get(owner, Owner()).records.get(key)
        return held if held and held.is_live else None

    def each(self, key_prefix=""):
        for owner_id, owner in self.owners.items():
            for held in list(owner.records.values()):
                if held.key.startswith(key_prefix) and held.is_live:
                    yield owner_id, held

    def merge(self, block):
        """Takes one block [P-5.3], [P-5.4]; returns what was new. Malformed, and nothing taken, if one record of it is [P-5.12]."""
        owner_id, to, span, gc_span, items = block[:5]
        start, gc = to - span, to - gc_span
        incoming = [Held(raw, age) for raw, age, *_ in items]
        need(all(start < held.version <= to for held in incoming), "item outside of its block")
        owner = self.owners.setdefault(owner_id, Owner())
        is_reset = start == 0 and gc > owner.gc and gc > owner.known
        goes_on = owner.known < owner.gc and gc >= owner.gc and start <= owner.known <= to
        if is_reset or goes_on:
            listed = {held.version for held in incoming}
            low = 0 if is_reset else owner.known
            for held in list(owner.records.values()):
                if low < held.version <= to and held.version not in listed:
                    del owner.records[held.key]
        taken = [held for held in incoming if self.take(owner, held)]
        if is_reset or goes_on:
            owner.known, owner.gc = to, gc
        elif owner.known >= owner.gc and start <= owner.known and (owner.known >= gc or gc == owner.gc):
            owner.known = max(owner.known, to)
            if owner.known >= gc > owner.gc:
                owner.gc = gc
        self.collect(owner)
        return taken

    @staticmethod
    def take(owner, held):
        present = owner.records.get(held.key)
        if held.version <= owner.known or (present and present.version >= held.version):
            return False
        owner.records[held.key] = held
        return True

    @staticmethod
    def collect(owner):
        for held in list(owner.records.values()):
            if held.version <= owner.gc and not held.is_live:
                del owner.records[held.key]

    def line(self, owner_id):
        owner = self.owners.get(owner_id, Owner())
        return [owner_id, owner.known, owner.known - owner.gc]

    def blocks_for(self, owner_id, known, gc):
        """What a holder of the line (known, gc) lacks of this owner, as much as fits one datagram."""
        owner = self.owners.get(owner_id, Owner())
        start = 0 if known < owner.gc and gc != owner.gc else known  # [P-5.5]
        items, size = [], 0
        for held in sorted(owner.records.values(), key=lambda each: each.version):
            if not start < held.version <= owner.known:
                continue
            size += len(held.raw) + 12
            if items and size > BLOCK_BYTES:  # cut after an item [P-5.8]
                return self.block(owner_id, start, items[-1][1], items)
            items.append((held, held.version))
        return self.block(owner_id, start, owner.known, items)

    def block(self, owner_id, start, to, items):
        return [owner_id, to, to - start, to - self.owners[owner_id].gc, [[held.raw, held.age_ms] for held, _ in items]]

    def news(self, owner_id, held):
        """One record as a block that spans all that is known to lie between it and the record before."""
        owner = self.owners[owner_id]
        before = [each.version for each in owner.records.values() if each.version < held.version]
        start = max([*before, owner.gc]) if held.version <= owner.known else held.version - 1
        if start >= held.version:
            start = held.version - 1
        return self.block(owner_id, start, held.version, [(held, held.version)])

    def is_ahead(self, owner_id, known, gc):
        """Whether this table has what a holder of the line lacks: known counts first [P-7.6]."""
        owner = self.owners.get(owner_id, Owner())
        return owner.known >= owner.gc and (owner.known, owner.gc) > (known, gc)

    def is_behind(self, owner_id, known, gc):
        owner = self.owners.get(owner_id, Owner())
        return (owner.known, owner.gc) < (known, gc)

    def owner_hash(self, owner_id):
        owner = self.owners[owner_id]
        return hashlib.sha256(owner_id + owner.known.to_bytes(8, "big") + owner.gc.to_bytes(8, "big")).digest()[:8]

    def table_hash(self, without=()):
        return self.xor(8, [each for each in self.owners if each not in without])

    def buckets(self):
        return b"".join(self.xor(4, self.in_bucket(index)) for index in range(64))

    def in_bucket(self, index):
        return [owner_id for owner_id in self.owners if owner_id[0] % 64 == index]

    def xor(self, size, owner_ids):
        total = 0
        for owner_id in owner_ids:
            total ^= int.from_bytes(self.owner_hash(owner_id)[:size], "big")
        return total.to_bytes(size, "big")


def encode(sender, boot, messages):
    return cbor2.dumps([sender, boot, *messages])
