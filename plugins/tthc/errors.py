"""What can go wrong, by what the person at the keyboard can do about it.

Every message is Vietnamese and says what is wrong, where, and what to do next. None carries a value from a
column that is not marked ``keep``. ``exit_code`` is what the command line returns.
"""


class TthcError(Exception):
    """A step failed; nothing was half done."""

    exit_code = 1


class UsageError(TthcError):
    """The command or a declaration was written wrongly."""

    exit_code = 2


class Busy(TthcError):
    """Somebody else is doing this just now; there is nothing to do."""


class BatchStopped(TthcError):
    """A batch rule stopped one stream; the last good state stays in force."""

    exit_code = 3


class Unreachable(TthcError):
    """The database or the city system does not answer."""

    exit_code = 4
