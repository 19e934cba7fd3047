"""A phone whose emergency is over is known no more: its token and its salt go."""

import secrets
from collections import Counter

from parkkeeper.park.retention.past import Past, Rows, dated
from parkkeeper.park.retention.rules import Rule
from parkkeeper.sync.models import Phone


class PhoneTokens:
    """A token that nobody has takes the place of the phone's own; without its salt its lists are noise."""

    def kept(self, rule: Rule) -> Rows:
        return dated(Phone.objects.exclude(salt=b""), rule.since)

    def due(self, rule: Rule, past: Past) -> Rows:
        return self.kept(rule).filter(past.q())

    def step(self, rule: Rule, past: Past, limit: int) -> Counter[str]:
        found = list(self.due(rule, past).order_by("pk")[:limit])
        for phone in found:
            phone.token_hash, phone.salt = secrets.token_bytes(32), b""
        Phone.objects.bulk_update(found, ["token_hash", "salt"])
        return Counter({rule.name: len(found)} if found else {})
