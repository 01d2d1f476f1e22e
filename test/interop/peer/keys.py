"""Rotation of the pre-shared key (section 10): what members say of the cluster's keys, and what this peer follows."""

import hashlib
import hmac
import json
import os

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open,
    crypto_aead_xchacha20poly1305_ietf_encrypt as aead_seal,
)
from nacl.exceptions import CryptoError

from shape import Malformed, is_bytes, is_list, is_uint, need

KEYRING, KEY = "sys/keyring", "sys/key/"
REMOVED, INSTALLED = 0, 1
KEYS_MAX, CHANGES_MAX, JUMP_MAX, FIRST_MAX, LAMPORT_MAX = 8, 16, 1 << 16, 1 << 51, 4503599627370495


def fingerprint(key):
    return hashlib.sha256(b"gridvine/1 key fingerprint" + key).digest()[:8]


def wrap_parts(cluster, under, wrapped):
    """The key that wraps, and the associated data [P-10.3]; `under` is the wrapping group key, `wrapped` the other's fingerprint."""
    extracted = hmac.new(bytes(32), under, hashlib.sha256).digest()
    key = hmac.new(extracted, b"gridvine/1 key wrap " + cluster.encode() + b"\x01", hashlib.sha256).digest()
    name = cluster.encode()
    return key, b"gridvine/1 key wrap" + bytes([len(name)]) + name + fingerprint(under) + wrapped


def wrap(cluster, under, key):
    nonce = os.urandom(24)
    sealing, data = wrap_parts(cluster, under, fingerprint(key))
    return [fingerprint(under), nonce, aead_seal(key, data, nonce, sealing)]


def unwrap(cluster, under, wrapped, nonce, sealed):
    """The group key, or None: what was opened must have the fingerprint."""
    opening, data = wrap_parts(cluster, under, wrapped)
    try:
        key = aead_open(sealed, data, nonce, opening)
    except CryptoError:
        return None
    return key if len(key) == 32 and fingerprint(key) == wrapped else None


def is_fingerprint(value):
    return is_bytes(value, 8)


def is_stamp(value):
    return type(value) is list and len(value) >= 2 and is_uint(value[0], LAMPORT_MAX + 1) and value[0] > 0 and is_bytes(value[1], 16)


def is_change(value):
    return type(value) is list and len(value) >= 3 and is_fingerprint(value[0]) and is_stamp(value[1]) and is_uint(value[2], 2)


def is_wrap(value):
    return type(value) is list and len(value) >= 3 and is_fingerprint(value[0]) and is_bytes(value[1], 24) and is_bytes(value[2], 48)


def keyring_record(value):
    """(writes, reads, use or None, changes), or Malformed as a whole [P-10.2]."""
    need(type(value) is list and len(value) >= 4, "keyring")
    writes, reads, use, changes = value[:4]
    need(is_fingerprint(writes) and is_list(reads, is_fingerprint) and 1 <= len(reads) <= KEYS_MAX, "keyring")
    need(writes in reads and len(set(reads)) == len(reads), "keyring: reads")
    need(use is None or (type(use) is list and len(use) >= 2 and is_stamp(use[0]) and is_fingerprint(use[1])), "keyring: use")
    need(is_list(changes, is_change) and len(changes) <= CHANGES_MAX, "keyring: changes")
    need(len({each[0] for each in changes}) == len(changes), "keyring: changes")
    return writes, reads, use, changes


def key_record(value):
    """The wraps of one key, by the fingerprint of the key that opens each."""
    need(type(value) is list and len(value) <= KEYS_MAX and all(is_wrap(each) for each in value), "key")
    return {under: (nonce, sealed) for under, nonce, sealed, *_ in value}


class Keys:
    """The keys that this peer holds, and the last word that it heard on each; kept in a file, which comes first [P-10.5]."""

    def __init__(self, cluster, path, given):
        self.cluster, self.path = cluster, path
        self.held, self.use, self.changes = {}, None, {}
        if os.path.exists(path):
            kept = json.load(open(path))
            self.held = {fingerprint(key): key for key in map(bytes.fromhex, kept["keys"])}
            self.use = kept["use"] and (tuple(from_hex(kept["use"][0])), bytes.fromhex(kept["use"][1]))
            self.changes = {bytes.fromhex(name): (tuple(from_hex(stamp)), state) for name, stamp, state in kept["changes"]}
        for key in given:
            if self.state(fingerprint(key)) != REMOVED:
                self.held.setdefault(fingerprint(key), key)
        self.first = fingerprint(given[0])

    def state(self, name):
        return self.changes.get(name, (None, None))[1]

    @property
    def writes(self):
        """What the last `use` names, as soon as it is held; before, and if none was heard of, what was written with so far."""
        if self.use and self.use[1] in self.held:
            return self.use[1]
        return self.first if self.first in self.held else next(iter(self.held))

    @property
    def ordered(self):
        """All that are held, the one that writes first."""
        return [self.held[self.writes], *(key for name, key in self.held.items() if name != self.writes)]

    @property
    def is_plain(self):
        return len(self.held) == 1 and self.use is None and not self.changes

    def follow(self, reports):
        """Merges what members say; `reports` gives (keyring, wraps by fingerprint) of each. Returns whether anything changed."""
        before = (dict(self.held), self.use, dict(self.changes), self.writes)
        for (_, _, use, changes), _ in reports:
            for name, stamp, state in [each[:3] for each in changes]:
                if self.is_credible(stamp) and tuple(stamp) > self.changes.get(name, ((0, b""),))[0]:
                    self.changes[name] = (tuple(stamp), state)
            if use and self.is_credible(use[0]) and (self.use is None or tuple(use[0]) > self.use[0]):
                self.use = (tuple(use[0]), use[1])
        for (_, reads, _, _), wraps in reports:
            for name in {*reads, *(name for name in wraps if self.state(name) == INSTALLED)}:
                self.take(name, wraps.get(name, {}))
        writes, named = self.writes, self.use and self.use[1]
        self.held = {name: key for name, key in self.held.items() if self.state(name) != REMOVED or name in (writes, named)}
        self.first = writes
        forgotten = sorted((stamp, name) for name, (stamp, state) in self.changes.items() if state == REMOVED)
        for _, name in forgotten[: max(0, len(self.changes) - CHANGES_MAX)]:
            del self.changes[name]
        return before != (self.held, self.use, self.changes, self.writes)

    def is_credible(self, stamp):
        """No number is far above all that are known [P-10.6]."""
        known = [each[0][0] for each in [*self.changes.values(), *([self.use] if self.use else [])]]
        return stamp[0] <= (max(known) + JUMP_MAX if known else FIRST_MAX)

    def take(self, name, wraps):
        if name in self.held or self.state(name) == REMOVED or len(self.held) >= KEYS_MAX:
            return
        for under, (nonce, sealed) in wraps.items():
            key = self.held.get(under) and unwrap(self.cluster, self.held[under], name, nonce, sealed)
            if key:
                self.held[name] = key
                return

    def save(self):
        kept = {
            "keys": [key.hex() for key in self.held.values()],
            "use": self.use and [to_hex(self.use[0]), self.use[1].hex()],
            "changes": [[name.hex(), to_hex(stamp), state] for name, (stamp, state) in self.changes.items()],
        }
        with open(os.open(self.path + ".new", os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)

    def records(self):
        """What this peer says of its keys, by record key; a key has a record while there is another to wrap it with [P-10.2, P-10.3]."""
        if self.is_plain:
            return {}
        use = self.use and [list(self.use[0]), self.use[1]]
        said = {KEYRING: [self.writes, list(self.held), use, [[name, list(stamp), state] for name, (stamp, state) in self.changes.items()]]}
        for name, key in self.held.items():
            wraps = [wrap(self.cluster, other, key) for other in self.held.values() if other != key]
            if wraps:
                said[KEY + name.hex()] = wraps
        return said


def to_hex(stamp):
    return [stamp[0], stamp[1].hex()]


def from_hex(stamp):
    return [stamp[0], bytes.fromhex(stamp[1])]


class Rotation:
    """The part of a peer that follows the cluster's keys; `table`, `wire`, `ring`, `keys` and `tell` are the peer's."""

    def reports(self):
        for owner, held in self.table.each(KEYRING):
            if owner == self.id or held.key != KEYRING:
                continue
            try:
                report = keyring_record(held.value)
                wraps = {bytes.fromhex(key.key[len(KEY) :]): key_record(key.value) for other, key in self.table.each(KEY) if other == owner}
            except (Malformed, ValueError):
                self.drops["malformed keyring"] = self.drops.get("malformed keyring", 0) + 1
                continue
            yield owner, report, wraps

    def do_keys(self):
        writes = self.keys.writes
        if not self.keys.follow([(report, wraps) for _, report, wraps in self.reports()]):
            return
        self.keys.save()
        self.ring.keys = self.keys.ordered
        if self.keys.writes != writes:
            self.wire.use(self.ring)  # another salt [P-2.4]
        self.put_keys()

    def put_keys(self):
        said = self.keys.records()
        for owner, held in list(self.table.each("sys/key")):
            if owner == self.id and held.key not in said:
                self.tell(self.id, self.table.put(held.key, None, {3: True}))
        for key, value in said.items():
            self.tell(self.id, self.table.put(key, value))

    def key_for(self, target):
        """The key that a peer is written to with: the writing one if it has that, else one that both have [P-10.8]."""
        told = next((report[1] for owner, report, _ in self.reports() if owner == target), None)
        session = self.sessions_of.get(target, [None])[0]
        heard = fingerprint(session.key) if session and session.key in self.ring.keys else None
        if told is None:
            return self.keys.held.get(heard, self.ring.keys[0])
        common = [name for name in (self.keys.writes, heard, *self.keys.held) if name in told and name in self.keys.held]
        return self.keys.held[common[0]] if common else self.ring.keys[0]
