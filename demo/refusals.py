"""What the city refuses to answer."""


class Problem(Exception):
    """A request that the city refuses, with its HTTP status and a Vietnamese reason."""

    def __init__(self, status: int, reason: str) -> None:
        super().__init__(reason)
        self.status, self.reason = status, reason
