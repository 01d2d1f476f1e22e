"""Keys and datagrams: sections 1 to 3 and 8 of runtime/spec/protocol.md."""

import hashlib
import hmac
import os
import time

from nacl.bindings import (
    crypto_aead_xchacha20poly1305_ietf_decrypt as aead_open,
    crypto_aead_xchacha20poly1305_ietf_encrypt as aead_seal,
)
from nacl.exceptions import CryptoError
from nacl.signing import SigningKey

DATAGRAM_MAX, DATAGRAM_MIN, WINDOW = 1200, 49, 1024
TO_ONE, TO_ANY, REFUSAL, TOUCH = 1, 2, 3, b"\x47\x14"
WRONG_CLUSTER, UNKNOWN_KEY, VERSION_TOO_OLD = 1, 2, 4
UNKNOWN_SALTS_A_SECOND, REFUSALS_A_SECOND, PLACES_MAX, SEALED_BYTES = 500, 5, 4, 48


class Drop(Exception):
    """A datagram that is not acted on; `reason` is one of [P-3.5], `code` that of the refusal it may be answered by."""

    def __init__(self, reason, detail="", code=None):
        super().__init__(f"{reason} {detail}".strip())
        self.reason, self.code = reason, code


def node_id(seed):
    return hashlib.sha256(SigningKey(seed).verify_key.encode()).digest()[:16]


def group_key(pre_shared, cluster):
    extracted = hmac.new(bytes(32), pre_shared, hashlib.sha256).digest()
    return hmac.new(extracted, b"gridvine/1 group key " + cluster.encode() + b"\x01", hashlib.sha256).digest()


def key_id(key):
    return hashlib.sha256(b"gridvine/1 key id" + key).digest()[:2]


def cluster_tag(cluster):
    return hashlib.sha256(b"gridvine/1 cluster " + cluster.encode()).digest()[:4]


class Keyring:
    """Group keys of one cluster: all of them read, the first writes."""

    def __init__(self, cluster, pre_shared):
        self.cluster, self.tag = cluster, cluster_tag(cluster)
        self.keys = [group_key(key, cluster) for key in pre_shared]

    def with_id(self, wanted):
        return [key for key in self.keys if key_id(key) == wanted]

    def associated_data(self, header, destination):
        name = self.cluster.encode()
        return b"gridvine/1" + bytes([len(name)]) + name + header + (destination or b"")


class Bucket:
    """So many tokens a second, as many at once."""

    def __init__(self, a_second):
        self.a_second, self.tokens, self.at = a_second, a_second, time.monotonic()

    def take(self):
        now = time.monotonic()
        self.tokens = min(self.a_second, self.tokens + (now - self.at) * self.a_second)
        self.at = now
        if self.tokens < 1:
            return False
        self.tokens -= 1
        return True


class Session:
    """The sender behind one salt [P-3.7], its replay window [P-3.6], and where it is proven [P-3.8, P-3.13]."""

    def __init__(self):
        self.sender, self.boot, self.proven, self.highest, self.seen = None, 0, False, 0, set()
        self.key = None
        self.last, self.floor, self.places, self.source = 0, 0, [], None

    def is_fresh(self, counter):
        return counter >= self.floor and counter > self.highest - WINDOW and counter not in self.seen

    def note(self, counter):
        self.highest, self.last = max(self.highest, counter), counter
        self.seen = {each for each in self.seen if each > self.highest - WINDOW} | {counter}

    def is_proven_here(self):
        """Whether it has shown that it receives what is sent to where its datagram came from [P-3.13]."""
        return self.source in self.places

    def prove(self, place):
        """An echo came of a number that was sent to this place; counters of before it may be replays [P-3.14]."""
        if not self.proven:
            self.proven, self.floor = True, self.last
        if place:
            self.places = [place, *(each for each in self.places if each != place)][:PLACES_MAX]


class Wire:
    """Seals what one transport sends and opens what it receives; `parse` turns a body into (sender, boot, messages)."""

    def __init__(self, keyring, own_id, parse):
        self.own_id, self.parse, self.sessions = own_id, parse, {}
        self.budget, self.refusals, self.own_salts = Bucket(UNKNOWN_SALTS_A_SECOND), Bucket(REFUSALS_A_SECOND), set()
        self.use(keyring)

    def use(self, keyring):
        """Another writing key takes another salt [P-2.4]."""
        self.keyring, self.salts = keyring, {}

    def next_nonce(self, key):
        """Each key has a salt of its own [P-10.8], and counts under it."""
        if key not in self.salts:
            self.salts[key] = [os.urandom(16), 0]
            self.own_salts.add(self.salts[key][0])
        self.salts[key][1] += 1
        return self.salts[key][0] + self.salts[key][1].to_bytes(8, "big")

    def seal(self, body, destination=None, key=None):
        key, kind = key or self.keyring.keys[0], TO_ONE if destination else TO_ANY
        header = bytes([0x47, 0x10 | kind]) + self.keyring.tag + key_id(key) + self.next_nonce(key)
        datagram = header + aead_seal(body, self.keyring.associated_data(header, destination), header[8:], key)
        assert DATAGRAM_MIN <= len(datagram) <= DATAGRAM_MAX, len(datagram)
        return datagram

    def open(self, datagram):
        """Returns (session, messages), or (None, refusal) for a refusal; raises Drop. The order is that of [P-3.5]."""
        if datagram == TOUCH:
            raise Drop("touch")
        is_refusal = datagram[:2] == b"\x47\x13"
        if is_refusal and not 33 <= len(datagram) <= 96:
            raise Drop("malformed", "refusal")
        if not is_refusal and not DATAGRAM_MIN <= len(datagram) <= DATAGRAM_MAX:
            raise Drop("size", str(len(datagram)))
        if datagram[0] != 0x47 or datagram[1] >> 4 != 1:
            raise Drop("version", code=VERSION_TOO_OLD if datagram[0] == 0x47 else None)
        kind = datagram[1] & 15
        if is_refusal:
            return None, (int.from_bytes(datagram[6:8], "big"), datagram[8:32], datagram[32:])
        if kind not in (TO_ONE, TO_ANY):
            raise Drop("kind", str(kind))
        if datagram[2:6] != self.keyring.tag:
            raise Drop("wrong-cluster", code=WRONG_CLUSTER)
        keys = self.keyring.with_id(datagram[6:8])
        if not keys:
            raise Drop("unknown-key", code=UNKNOWN_KEY)
        salt, counter = datagram[8:24], int.from_bytes(datagram[24:32], "big")
        if salt in self.own_salts:
            raise Drop("own")
        session = self.sessions.get(salt)
        if not 0 < counter < 1 << 53 or (session and not session.is_fresh(counter)):
            raise Drop("replay")
        body, key = self.decrypt(datagram, keys, known=session is not None)
        sender, boot, messages = self.parse(body)
        if session is None:
            session = self.bind(salt, sender, boot)
            session.key = key
        if (session.sender, session.boot) != (sender, boot):
            raise Drop("session")
        session.note(counter)
        return session, messages

    def decrypt(self, datagram, keys, known):
        header, destination = datagram[:32], self.own_id if datagram[1] & 15 == TO_ONE else None
        for key in keys:
            if not known and not self.budget.take():
                raise Drop("budget")
            try:
                return aead_open(datagram[32:], self.keyring.associated_data(header, destination), header[8:], key), key
            except CryptoError:
                pass
        raise Drop("forged", code=UNKNOWN_KEY)

    def bind(self, salt, sender, boot):
        of_sender = [(other, s) for other, s in self.sessions.items() if s.sender == sender]
        if len(of_sender) >= 2:  # a third replaces one that isn't proven, else the older
            del self.sessions[next((o for o, s in of_sender if not s.proven), of_sender[0][0])]
        session = self.sessions[salt] = Session()
        session.sender, session.boot = sender, boot
        return session

    def refusal(self, datagram, code):
        """The answer to a datagram that was dropped, if one is due [P-8.1]."""
        if code is None or datagram[1] & 15 != TO_ANY or not self.refusals.take():
            return None
        answer = bytes([0x47, 0x13]) + self.keyring.tag + code.to_bytes(2, "big") + datagram[8:32] + self.keyring.cluster.encode()
        return answer if len(answer) <= len(datagram) else None
