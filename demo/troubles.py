"""The troubles of a real city system, each switched on by a rate, all of them ending.

A trouble is drawn from the seed, the request and how often that request was made, so one client that asks
the same questions in the same order meets the same troubles again. No request is broken more than
``MOST_IN_A_ROW`` times in a row, and no window answered wrongly more than twice (a single day once): a
patient reader always gets through.
"""

from hashlib import blake2b

TRANSPORT = (
    "http_429",
    "http_500",
    "http_502",
    "http_503",
    "cut_body",
    "short_body",
    "slow_body",
    "html_login",
    "token_revoked",
)
CONTENT = ("empty_data", "shifting_pages", "moving_total")
RECORDS = ("repeat_record", "unknown_field", "missing_field")
KINDS = TRANSPORT + CONTENT + RECORDS
#: Only where rows are asked for by offsets: the end is overlooked, and everything from the start on comes.
OFFSETS = ("lost_end",)
EVERY = KINDS + OFFSETS
MOST_IN_A_ROW = 3


class Troubles:
    """Rates by kind (0 to 1, absent = never) and how often each kind has struck since they were set."""

    def __init__(self) -> None:
        self.set(0, {})

    def set(self, seed: int, rates: dict[str, float]) -> None:
        """Replace everything; raise ValueError for an unknown kind or a rate outside 0..1. ``all``
        sets every kind."""
        every = {"all": dict.fromkeys(EVERY, rates["all"])}["all"] if "all" in rates else {}
        wanted = every | {kind: rate for kind, rate in rates.items() if kind != "all"}
        for kind, rate in wanted.items():
            if kind not in EVERY:
                raise ValueError(f"không có sự cố {kind}; có: {', '.join(EVERY)}")
            if not 0 <= rate <= 1:
                raise ValueError(f"tần suất của {kind} phải từ 0 đến 1")
        self.seed, self.rates = seed, wanted
        self.counts = dict.fromkeys(EVERY, 0)
        self._asked: dict[str, int] = {}
        self._in_a_row: dict[str, int] = {}
        self._revoked: dict[str, int] = {}
        self._wrong: dict[str, int] = {}

    def forget_windows(self) -> None:
        """Let every window be answered wrongly again; for when the clock was moved."""
        self._wrong.clear()

    def next_attempt(self, request: str) -> int:
        """Count one more asking of ``request``; return how many there were before."""
        before = self._asked.get(request, 0)
        self._asked[request] = before + 1
        return before

    def transport(self, request: str, attempt: int, has_tokens: bool = True) -> str | None:
        """Return the transport trouble of this answer, or None; without tokens none can be revoked."""
        row = self._in_a_row.get(request, 0)
        for kind in TRANSPORT if row < MOST_IN_A_ROW else ():
            if kind == "token_revoked" and (not has_tokens or self._revoked.get(request, 0) >= 1):
                continue
            if self._strikes(kind, request, attempt):
                self._in_a_row[request] = row + 1
                if kind == "token_revoked":
                    self._revoked[request] = 1
                return kind
        self._in_a_row[request] = 0
        return None

    def content(self, kind: str, request: str, attempt: int, window: str, is_one_day: bool) -> bool:
        """Say whether this answer about ``window`` is wrong in this way."""
        if self._wrong.get(window, 0) >= (1 if is_one_day else 2) or not self._strikes(
            kind, request, attempt
        ):
            return False
        self._wrong[window] = self._wrong.get(window, 0) + 1
        return True

    def record(self, kind: str, request: str, attempt: int) -> bool:
        """Say whether some record of this answer is disturbed in this way; such answers still hold
        the truth."""
        return self._strikes(kind, request, attempt)

    def part(self, request: str, attempt: int, among: int) -> int:
        """Return a number below ``among``, fixed for this answer."""
        return int(self._uniform("part", request, attempt) * among)

    def _strikes(self, kind: str, request: str, attempt: int) -> bool:
        rate = self.rates.get(kind, 0.0)
        if rate <= 0 or self._uniform(kind, request, attempt) >= rate:
            return False
        self.counts[kind] += 1
        return True

    def _uniform(self, kind: str, request: str, attempt: int) -> float:
        text = f"{self.seed}|{kind}|{request}|{attempt}".encode()
        return int.from_bytes(blake2b(text, digest_size=6).digest(), "big") / 2**48
