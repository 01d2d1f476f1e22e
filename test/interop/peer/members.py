"""Who is in the cluster, judged from `node` records and accusations (section 6)."""

import math
import socket

from table import now_ms

JOINING, ALIVE, LEAVING, LEFT = range(4)
STATES = ["joining", "alive", "leaving", "left"]


class Members:
    """Reads the table; `judge` is called often and remembers since when it has counted accusations."""

    def __init__(self, table, own_id, probe_interval_ms):
        self.table, self.own_id, self.interval_ms = table, own_id, probe_interval_ms
        self.first_heard, self.verdicts = {}, {}

    def node(self, target):
        return self.table.get(target, "node")

    def order_of(self, target):
        node = self.node(target)
        return (node.version >> 32, node.value[1])

    def boot(self, target):
        return self.node(target).version >> 32 if self.node(target) else 0

    def endpoint(self, target):
        node = self.node(target)
        usable = [each for each in node.value[3] if each[0] == 1 and len(each[1]) == 4 and each[2]] if node else []
        return usable[0] if usable else None

    def address(self, target):
        endpoint = self.endpoint(target)
        return (socket.inet_ntoa(endpoint[1]), endpoint[2]) if endpoint else None

    def others(self):
        return [owner for owner, _ in self.table.each("node") if owner != self.own_id and self.address(owner)]

    def state(self, target):
        if target != self.own_id and self.node(target).value[2] != LEFT and target in self.verdicts:
            return self.verdicts[target]
        return STATES[self.node(target).value[2]]

    def present(self):
        return [each for each in self.others() if self.state(each) not in ("left", "down")]

    def down(self):
        return [each for each in self.others() if self.state(each) == "down"]

    def is_suspect(self, target):
        return self.state(target) in ("suspect", "down")

    def has_left(self, target, boot):
        node = self.node(target)
        return bool(node) and node.value[2] == LEFT and node.version >> 32 == boot

    def accusations(self, target):
        """Those of the target's present (boot, incarnation), by accuser [P-5.10]."""
        found = {}
        for accuser, held in self.table.each("accuse/"):
            if held.value[0] == target and (held.value[1], held.value[2]) == self.order_of(target):
                found[accuser] = max(found.get(accuser, 0), held.age_ms)
        return found

    def judge(self):
        """Suspect and down by the suspicion time of [P-6.3]."""
        self.verdicts = {}
        others = self.others()
        for target in others:
            ages = self.accusations(target)
            if not ages:
                self.first_heard.pop(target, None)
                continue
            heard, order = self.first_heard.setdefault(target, (now_ms(), self.order_of(target)))
            if order != self.order_of(target):
                self.first_heard[target] = (now_ms(), self.order_of(target))
                heard = now_ms()
            least, limit = self.suspicion_ms(len(others) + 1, len(ages) - 1)
            is_down = max(ages.values()) >= limit and now_ms() - heard >= least
            self.verdicts[target] = "down" if is_down else "suspect"

    def suspicion_ms(self, members, confirmations):
        least = max(1, math.log10(members)) * self.interval_ms
        most, expected = 6 * least, min(3, members - 2)
        if expected < 1:
            return least, least
        return least, max(least, most - (most - least) * math.log(confirmations + 1) / math.log(expected + 1))

    def report(self):
        return [
            {"id": each.hex(), "name": held.value[0], "state": self.state(each), "boot": held.version >> 32, "incarnation": held.value[1]}
            for each, held in self.table.each("node")
        ]
