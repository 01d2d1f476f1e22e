"""A peer of a gridvine cluster, written from runtime/spec/protocol.md: it joins, is probed and probes, gossips, refutes, leaves.

Commands come as JSON lines on stdin, each is answered by a JSON line on stdout: {"do": "put", "key": ..., "value": ...}.
"""

import argparse
import base64
import json
import os
import random
import selectors
import socket
import sys
import time

import shape
from entropy import AntiEntropy
from keys import Keys, Rotation
from members import JOINING, ALIVE, LEAVING, LEFT, Members
from table import Table, encode, now_ms
from wire import DATAGRAM_MAX, SEALED_BYTES, Drop, Keyring, Wire, node_id

PROBE_INTERVAL_MS, PROBE_TIMEOUT_MS, DIGEST_INTERVAL_MS, NEWS_INTERVAL_MS = 1000, 500, 1000, 200
HELPERS, FAN_OUT, TRANSMISSIONS, QUESTIONS_MAX, JOIN_BYTES = 3, 3, 4, 4, 600
ACCUSATION_TTL_MS, LEAVE_WAIT_MS, SLOW_EVERY = 60_000, 2000, 10
PING, ACK, PING_REQ, NACK, GONE, JOIN, BLOCKS, PADDING = 1, 2, 3, 4, 5, 6, 8, 15


class Peer(AntiEntropy, Rotation):
    def __init__(self, options):
        self.options = options
        self.path = options.state
        self.identity()
        key = [base64.b64decode(open(path).read()) for path in options.key_file]
        self.ring = Keyring(options.cluster, key)
        self.keys = Keys(options.cluster, options.state + ".keys", self.ring.keys)
        self.ring.keys = self.keys.ordered
        self.wire = Wire(self.ring, self.id, shape.body)
        self.table = Table(self.id, self.boot)
        self.members = Members(self.table, self.id, PROBE_INTERVAL_MS)
        self.incarnation, self.state, self.pending, self.fresh = 0, JOINING, {}, []
        self.drops, self.joined_at, self.round, self.order, self.leave_at = {}, None, 0, [], None
        self.own_data, self.answered_leave, self.silent, self.hash_matches = {}, set(), {}, 0
        self.sessions_of = {}  # node id -> (session, address)
        host, port = options.bind.rsplit(":", 1)
        self.socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self.socket.bind((host, int(port)))
        self.endpoint = [1, socket.inet_aton(host), self.socket.getsockname()[1]]
        self.due = {"join": 0, "probe": now_ms() + 300, "digest": now_ms() + 500, "news": 0, "keys": 0}
        self.put_node()
        self.put_keys()

    # --- identity and life [P-1.2], [P-1.3], [P-6.4]

    def identity(self, above=0):
        """Reads or makes the identity and persists the next boot before the first packet of this life."""
        kept = json.load(open(self.path)) if os.path.exists(self.path) else {"seed": os.urandom(32).hex(), "boot": 0}
        self.id = node_id(bytes.fromhex(kept["seed"]))
        self.boot = kept["boot"] = max(kept["boot"], above) + 1
        with open(self.path + ".new", "w") as file:
            json.dump(kept, file)
            file.flush()
            os.fsync(file.fileno())
        os.replace(self.path + ".new", self.path)

    def new_life(self, above):
        """Somebody holds a version above all this node made: it goes on under a boot above that [P-6.4]."""
        self.identity(above)
        self.table.begin(self.boot)
        self.wire.use(self.ring)
        self.incarnation = 0
        self.put_node()
        self.put_keys()
        for key, (value, meta) in self.own_data.items():
            self.tell(self.id, self.table.put(key, value, meta))

    def put_node(self):
        value = [self.options.name, self.incarnation, self.state, [self.endpoint], {}, 1]
        self.tell(self.id, self.table.put("node", value))

    def tell(self, owner, held):
        self.fresh.append([owner, held, TRANSMISSIONS])

    # --- sending

    def send(self, address, messages, to=None):
        key = self.key_for(to) if to else None
        self.socket.sendto(self.wire.seal(self.padded(messages), to, key), address)

    def padded(self, messages):
        """The body, no shorter than the longest that answers its pings: sender, and `gone`, with a boot of any length [P-6.28]."""
        body, pings = encode(self.id, self.boot, messages), sum(each[0] == PING for each in messages)
        lacking = 23 + 12 * pings - len(body)
        return encode(self.id, self.boot, [*messages, [PADDING, bytes(max(0, lacking - 3))]]) if pings and lacking > 0 else body

    def ask(self, address, about=None, **note):
        """A random seq that an answer must echo, for a question to this address."""
        seq = random.getrandbits(32)
        self.pending[seq] = {"at": now_ms(), "to": address, "about": about, **note}
        return seq

    def ping(self, target, extra=(), **note):
        address = self.members.address(target)
        seq = self.ask(address, target, **note)
        self.send(address, [[PING, seq, self.members.boot(target)], *extra], target)
        return seq

    def is_proven(self, target):
        return target in self.sessions_of and self.sessions_of[target][0].proven

    def proven_members(self):
        return [each for each in self.members.present() if self.is_proven(each)]

    # --- receiving

    def receive(self, datagram, address):
        try:
            session, messages = self.wire.open(datagram)
        except Drop as drop:
            self.count(drop)
            answer = self.wire.refusal(datagram, drop.code)
            if answer:
                self.socket.sendto(answer, address)
            return
        if session is None:
            return say(event="refused", code=messages[0], echoed=messages[1].hex(), cluster=messages[2].decode(errors="replace"))
        session.source = address
        answers, questions = [], 0
        for name, fields in messages:
            questions += name in ("digest", "buckets", "have", "want")
            if questions > QUESTIONS_MAX and name in ("digest", "buckets", "have", "want"):
                continue
            handler = getattr(self, "on_" + name.replace("-", "_"), None)
            if handler:
                answers += handler(session, fields, address, len(datagram)) or []
        self.sessions_of[session.sender] = (session, address)
        if session.is_proven_here():
            self.send_all(address, answers, session.sender)
        elif answers:
            self.send_within(len(datagram), address, answers, session.sender)

    def send_within(self, size, address, answers, to):
        """As many answers as fit into the length of the question, a ping first [P-7.11]."""
        batch = []
        for answer in sorted(answers, key=lambda each: each[0] != PING):
            if len(self.padded([*batch, answer])) + SEALED_BYTES <= size:
                batch.append(answer)
        if batch:
            self.send(address, batch, to)

    def count(self, drop):
        self.drops[str(drop)] = self.drops.get(str(drop), 0) + 1

    def send_all(self, address, answers, to):
        """Answers in as many datagrams as they need."""
        room, batch = DATAGRAM_MAX - SEALED_BYTES - 32, []
        for answer in answers:
            size = len(encode(self.id, self.boot, [answer]))
            if batch and size > room:
                self.send(address, batch, to)
                room, batch = DATAGRAM_MAX - SEALED_BYTES - 32, []
            batch, room = [*batch, answer], room - size
        if batch:
            self.send(address, batch, to)

    def on_ping(self, session, fields, address, size):
        seq, boot = fields[:2]
        if boot not in (0, self.boot):
            return [[GONE, seq, self.boot]]
        answer = [[ACK, seq]]
        if session.is_proven_here() and self.members.has_left(session.sender, session.boot):  # [P-6.5]
            answer.append([BLOCKS, self.table.news(session.sender, self.table.get(session.sender, "node"))])
        return answer

    def echo(self, session, seq):
        """Whether the seq is one drawn here for this sender; each proves its session once [P-3.8]."""
        asked = self.pending.get(seq)
        if asked is None or asked["about"] not in (None, session.sender) and "helper_for" not in asked:
            return None
        if asked["about"] is not None or asked["to"] == session.source:
            session.prove(asked["to"])
        else:  # a join is sealed to nobody: its echo proves the place only where it comes from there
            session.prove(None)
        return self.pending.pop(seq)

    def on_ack(self, session, fields, address, size):
        asked = self.echo(session, fields[0])
        if asked is None:
            return
        if "probe" in asked:
            asked["probe"]["answered"] = True
        self.silent.pop(asked["about"], None)
        if "for" in asked:
            seq, requester, where = asked["for"]
            self.send(where, [[ACK, seq]], requester)
        if "leaving" in asked:
            self.answered_leave.add(session.sender)
        if self.joined_at is None:
            self.joined_at = now_ms()
            self.state = ALIVE
            self.put_node()
            say(event="joined", by=session.sender.hex())
            return [self.digest()]

    def on_nack(self, session, fields, address, size):
        asked = self.echo(session, fields[0])
        if asked and "probe" in asked:
            asked["probe"]["nacks"] += 1

    def on_gone(self, session, fields, address, size):
        self.echo(session, fields[0])

    def on_ping_req(self, session, fields, address, size):
        seq, target = fields[:2]
        if not session.is_proven_here():
            return [self.proof(session)]
        if target in (self.id, session.sender) or not self.members.address(target):
            return
        self.ping(target, **{"for": (seq, session.sender, address)})

    def on_join(self, session, fields, address, size):
        if size < JOIN_BYTES:
            return
        node = self.table.get(self.id, "node")
        return [[ACK, fields[0]], [BLOCKS, self.table.news(self.id, node)], self.proof(session)]

    def proof(self, session):
        return [PING, self.ask(session.source, session.sender), session.boot]

    def on_blocks(self, session, blocks, address, size):
        for block in blocks:
            if block[0] == self.id:
                self.hear_of_self(block[1])
                continue
            try:
                fresh = self.table.merge(block)
            except Drop as drop:  # the block alone: what stands beside it is good [P-5.12]
                self.count(drop)
                continue
            for held in fresh:
                self.tell(block[0], held)
                say(event="record", owner=block[0].hex(), key=held.key)
                if held.key.startswith("accuse/") and held.is_live:
                    self.refute(held.value)

    def refute(self, accusation):
        if accusation[:3] == [self.id, self.boot, self.incarnation]:
            self.incarnation += 1
            self.put_node()
            self.gossip()
            say(event="refuted", incarnation=self.incarnation)

    def hear_of_self(self, version):
        if version > self.table.owners[self.id].known:
            self.new_life(version >> 32)

    # --- what is due

    def tick(self):
        now = now_ms()
        for name, interval in [("join", 1000), ("probe", PROBE_INTERVAL_MS), ("digest", DIGEST_INTERVAL_MS), ("news", NEWS_INTERVAL_MS), ("keys", NEWS_INTERVAL_MS)]:
            if now >= self.due[name]:
                self.due[name] = now + interval
                getattr(self, "do_" + name)()
        for seq, asked in list(self.pending.items()):
            if "for" in asked and now - asked["at"] > PROBE_TIMEOUT_MS:
                wanted, requester, where = asked.pop("for")
                self.send(where, [[NACK, wanted]], requester)
            if now - asked["at"] > 10_000:
                del self.pending[seq]

    def do_join(self):
        for seed in self.options.join if self.joined_at is None else []:
            host, port = seed.rsplit(":", 1)
            node, seed = self.table.news(self.id, self.table.get(self.id, "node")), (host, int(port))
            self.send(seed, [[JOIN, self.ask(seed), bytes(JOIN_BYTES)], [BLOCKS, node]])

    def do_probe(self):
        self.finish_probe()
        self.round += 1
        if not self.order:
            self.order = self.members.present() + (self.members.down() if self.round % SLOW_EVERY == 0 else [])
            random.shuffle(self.order)
        if self.order and self.joined_at is not None:
            target = self.order.pop()
            if self.members.address(target):
                self.probe = {"target": target, "answered": False, "helpers": 0, "nacks": 0, "at": now_ms()}
                self.ping(target, probe=self.probe)
                self.due["helpers"] = now_ms() + PROBE_TIMEOUT_MS

    probe = None

    def ask_helpers(self):
        probe = self.probe
        if probe is None or probe["answered"] or probe["helpers"] or now_ms() - probe["at"] < PROBE_TIMEOUT_MS:
            return
        others = [each for each in self.proven_members() if each != probe["target"]]
        for helper in random.sample(others, min(HELPERS, len(others))):
            address = self.members.address(helper)
            seq = self.ask(address, probe["target"], probe=probe, helper_for=True)
            endpoint = self.members.endpoint(probe["target"])
            request = [PING_REQ, seq, probe["target"], self.members.boot(probe["target"]), endpoint]
            self.send(address, [request], helper)
            probe["helpers"] += 1

    def finish_probe(self):
        probe, self.probe = self.probe, None
        if probe is None or probe["answered"] or self.leave_at:
            return
        target = probe["target"]
        self.silent[target] = now_ms()
        lately = [at for at in self.silent.values() if now_ms() - at < 5000]
        own_fault = probe["helpers"] and not probe["nacks"] and 3 * len(lately) >= len(self.members.present())
        if own_fault and not self.members.is_suspect(target):  # [P-6.12]
            return
        if target in self.members.present() and not self.members.is_suspect(target):
            waited = now_ms() - probe["at"]
            self.accuse(target, [waited, probe["helpers"], probe["nacks"], 0])

    def accuse(self, target, evidence):
        """Says that the target can't be reached [P-5.10]."""
        node = self.table.get(target, "node")
        slot = next((i for i in range(32) if not self.table.get(self.id, f"accuse/{i}")), 0)
        value = [target, node.version >> 32, node.value[1], 0, evidence]
        self.tell(self.id, self.table.put(f"accuse/{slot}", value, {1: ACCUSATION_TTL_MS}))

    def do_digest(self):
        known = self.members.present()
        if known and self.joined_at is not None:
            target = random.choice(known)
            address = self.members.address(target)
            message = self.digest() if self.is_proven(target) else [PING, self.ask(address, target), self.members.boot(target)]
            self.send(address, [message], target)

    def do_news(self):
        self.ask_helpers()
        self.gossip()
        self.members.judge()
        if self.leave_at:
            self.go_on_leaving()

    def gossip(self):
        targets = self.proven_members()
        if not targets or not self.fresh:
            return
        current = [each for each in self.fresh if self.table.owners[each[0]].records.get(each[1].key) is each[1]]
        messages = [[BLOCKS, self.table.news(owner, held)] for owner, held, _ in current[:20]]
        for target in random.sample(targets, min(FAN_OUT, len(targets))):
            self.send_all(self.members.address(target), messages, target)
        for each in current[:20]:
            each[2] -= 1
        self.fresh = [each for each in current if each[2] > 0]

    # --- leaving [P-6.5]

    def leave(self):
        self.state = LEAVING
        self.put_node()
        self.gossip()
        self.state = LEFT
        self.put_node()
        self.leave_at = now_ms()
        self.go_on_leaving()

    def go_on_leaving(self):
        """Says that it has left until peers acknowledge, and goes."""
        waiting = [each for each in self.proven_members() if each not in self.answered_leave]
        if not waiting or now_ms() - self.leave_at > LEAVE_WAIT_MS:
            say(event="left", acknowledged=len(self.answered_leave))
            sys.exit(0)
        for target in waiting:
            self.ping(target, [[BLOCKS, self.table.news(self.id, self.table.get(self.id, "node"))]], leaving=True)

    # --- commands

    def command(self, order):
        what = order["do"]
        if what == "put":
            meta = {int(number): value for number, value in order.get("meta", {}).items()}
            value = from_json(order.get("value"))
            self.own_data[order["key"]] = (value, meta)
            self.tell(self.id, self.table.put(order["key"], value, meta))
        elif what == "delete":
            self.own_data.pop(order["key"], None)
            self.tell(self.id, self.table.put(order["key"], None, {3: True}))
        elif what == "accuse":
            self.accuse(bytes.fromhex(order["target"]), [1000, 0, 0, 0])
        elif what == "leave":
            return self.leave()
        say(re=what, **self.report(order))

    def report(self, order):
        records = [
            {"owner": owner.hex(), "key": h.key, "value": to_json(h.value), "ageMs": h.age_ms, "meta": {str(n): to_json(v) for n, v in h.meta.items()}}
            for owner, h in self.table.each(order.get("key", ""))
        ]
        members = self.members.report()
        return {
            "id": self.id.hex(), "boot": self.boot, "incarnation": self.incarnation, "records": records, "members": members,
            "drops": self.drops, "hash": self.table.table_hash().hex(), "hashMatches": self.hash_matches,
            "keys": [name.hex() for name in self.keys.held], "writes": self.keys.writes.hex(),
        }

    def run(self):
        selector = selectors.DefaultSelector()
        selector.register(self.socket, selectors.EVENT_READ)
        selector.register(sys.stdin.fileno(), selectors.EVENT_READ)
        say(event="started", id=self.id.hex(), boot=self.boot, port=self.endpoint[2])
        buffered = b""
        while True:
            for key, _ in selector.select(timeout=0.05):
                if key.fileobj is self.socket:
                    self.receive(*self.socket.recvfrom(65536))
                else:
                    data = os.read(0, 65536)
                    if not data:
                        return
                    *lines, buffered = (buffered + data).split(b"\n")
                    for line in lines:
                        self.command(json.loads(line))
            self.tick()


def say(**event):
    print(json.dumps(event), flush=True)


def from_json(value):
    if isinstance(value, dict) and set(value) == {"$bytes"}:
        return bytes.fromhex(value["$bytes"])
    return value


def to_json(value):
    if isinstance(value, bytes):
        return {"$bytes": value.hex()}
    if isinstance(value, list):
        return [to_json(each) for each in value]
    if isinstance(value, dict):
        return {key: to_json(each) for key, each in value.items()}
    return value


if __name__ == "__main__":
    flags = argparse.ArgumentParser()
    flags.add_argument("--name", required=True)
    flags.add_argument("--cluster", required=True)
    flags.add_argument("--key-file", action="append", required=True, help="32 bytes in base64; the first writes, all read")
    flags.add_argument("--state", required=True, help="file of the identity and the boot counter")
    flags.add_argument("--bind", default="127.0.0.1:0")
    flags.add_argument("--join", action="append", default=[])
    Peer(flags.parse_args()).run()
