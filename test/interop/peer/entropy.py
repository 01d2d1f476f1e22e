"""Anti-entropy: digests, buckets, have and want (section 7)."""

import random

BLOCKS, DIGEST, BUCKETS, HAVE, WANT = 8, 9, 10, 11, 12
HAVE_OWNERS_MAX, LINES_A_DATAGRAM, BLOCKS_ANSWERED, LINES_WANTED = 24, 30, 12, 24


class AntiEntropy:
    """The part of a peer that compares tables; `table`, `proof` and `hear_of_self` are the peer's."""

    def digest(self):
        return [DIGEST, self.table.table_hash(), []]

    def on_digest(self, session, fields, address, size):
        table_hash, lines = fields[:2]
        without = [line[0] for line in lines]
        answers = self.compare(session, lines)
        if self.table.table_hash(without) == table_hash:
            self.hash_matches += 1
        elif not session.is_proven_here():
            answers.append(self.proof(session))
        elif len(self.table.owners) <= HAVE_OWNERS_MAX:
            answers.append([HAVE, list(range(64)), [self.table.line(each) for each in self.table.owners]])
        else:
            answers.append([BUCKETS, self.table.buckets()])
        return answers

    def on_buckets(self, session, fields, address, size):
        if not session.is_proven_here():
            return [self.proof(session)]
        own = self.table.buckets()
        differ = [i for i in range(64) if own[4 * i : 4 * i + 4] != fields[0][4 * i : 4 * i + 4]]
        start = random.randrange(len(differ)) if differ else 0
        buckets, lines = [], []
        for index in differ[start:] + differ[:start]:  # what doesn't fit gets its turn another time [P-7.10]
            added = [self.table.line(each) for each in self.table.in_bucket(index)]
            if len(lines) + len(added) <= LINES_A_DATAGRAM:
                buckets.append(index)
                lines += added
        return [[HAVE, sorted(buckets), lines]] if buckets else []

    def on_have(self, session, fields, address, size):
        buckets, lines = fields[:2]
        listed = {line[0] for line in lines}
        missing = [each for i in buckets for each in self.table.in_bucket(i) if each not in listed]
        return self.compare(session, lines + [[each, 0, 0] for each in missing])

    def on_want(self, session, fields, address, size):
        return self.compare(session, fields[0])

    def compare(self, session, lines):
        blocks, want = [], []
        for owner, known, span in (line[:3] for line in lines):
            gc = known - span
            if owner == self.id:
                self.hear_of_self(known)
            if self.table.is_ahead(owner, known, gc):
                blocks.append([BLOCKS, self.table.blocks_for(owner, known, gc)])
            elif self.table.is_behind(owner, known, gc) and owner != self.id:
                want.append(self.table.line(owner))
        if blocks and not session.is_proven_here():
            blocks = [self.proof(session)]
        return blocks[:BLOCKS_ANSWERED] + ([[WANT, want[:LINES_WANTED]]] if want else [])
