"""The process in which files are opened: little memory, little time, no way to write, no secret in its environment.

It reads requests from its standard input and answers on its standard output, in frames of msgpack behind their
length. Started by ``reader_process``; it is of no use to people.
"""

from __future__ import annotations

import os
import resource
import struct
import sys
from typing import BinaryIO

import msgspec

from tthc.errors import TthcError, UsageError
from tthc.sources import header_mapping, reading
from tthc.sources.streams import Stream
from tthc.sources.workbooks import Book, Choices

MEMORY_BYTES = 512 * 2**20
SECONDS, BYTES_A_SECOND = 60, 2**20
BATCH_ROWS = 500
_LENGTH = struct.Struct("<I")


class Request(msgspec.Struct):
    """What is asked about one file: ``work`` is the name of a function below.

    ``size`` bytes follow, unless ``same`` says that the file is that of the request before. ``absent`` are, by
    stream, the headers that a person allowed to be missing.
    """

    work: str
    size: int
    same: bool
    choices: Choices
    streams: list[Stream]
    absent: dict[str, list[str]]
    stream: str | None = None


class Answer(msgspec.Struct, omit_defaults=True):
    """One frame back: a part of the answer, its end, or a refusal (with the name of the error's class)."""

    part: msgspec.Raw = msgspec.Raw()
    end: bool = False
    refused: str | None = None
    message: str = ""


def write_frame(stream: BinaryIO, body: bytes) -> None:
    """Write one frame."""
    stream.write(_LENGTH.pack(len(body)))
    stream.write(body)


def read_exactly(stream: BinaryIO, size: int) -> bytes:
    """Read so many bytes; raise EOFError when the stream ends before."""
    body = stream.read(size) if size else b""
    if len(body) < size:
        raise EOFError
    return body


def limit() -> None:
    """Take away from this process what reading a file does not need."""
    resource.setrlimit(resource.RLIMIT_AS, (MEMORY_BYTES, MEMORY_BYTES))
    resource.setrlimit(resource.RLIMIT_FSIZE, (0, 0))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))


def _limit_seconds(size: int) -> None:
    """Give this process some more seconds of computing; past them the kernel ends it."""
    used = resource.getrusage(resource.RUSAGE_SELF)
    until = int(used.ru_utime + used.ru_stime) + SECONDS + size // BYTES_A_SECOND
    resource.setrlimit(resource.RLIMIT_CPU, (until, resource.getrlimit(resource.RLIMIT_CPU)[1]))


def serve(requests: BinaryIO, answers: BinaryIO) -> None:
    """Answer until nobody asks any more."""
    held: bytes = b""
    book: Book | None = None
    known: Choices | None = None
    decode, encode = msgspec.msgpack.Decoder(Request).decode, msgspec.msgpack.Encoder().encode
    while head := requests.read(_LENGTH.size):
        request = decode(read_exactly(requests, *_LENGTH.unpack(head)))
        _limit_seconds(len(held) if request.same else request.size)
        try:
            if not request.same:
                book = None
                held = read_exactly(requests, request.size)
            if book is None or known != request.choices:
                book, known = None, request.choices
                book = Book(held, request.choices)
            for part in _work(request, book):
                write_frame(answers, encode(Answer(part=msgspec.Raw(encode(part)))))
            answer = Answer(end=True)
        except TthcError as error:
            answer = Answer(refused=type(error).__name__, message=str(error))
        except MemoryError:
            book = None
            answer = Answer(refused="MemoryError")
        except EOFError:
            return
        except Exception as error:
            # Its text may quote the file, so only its kind is told.
            if os.environ.get("TTHC_DEBUG") == "1":
                raise
            answer = Answer(refused="Broken", message=type(error).__name__)
        write_frame(answers, encode(answer))
        answers.flush()


def _work(request: Request, book: Book):
    streams = {stream.stream: stream for stream in request.streams}
    absent = {name: frozenset(headers) for name, headers in request.absent.items()}
    if request.work == "examine":
        yield reading.examine(book, request.streams, absent)
        return
    if request.work == "map":
        yield header_mapping.propose(book, request.streams, absent, request.stream)
        return
    if request.stream not in streams:
        raise UsageError(f"Không có luồng “{request.stream}”.")
    stream = streams.pop(request.stream)
    others, missing = list(streams.values()), absent.get(stream.stream, frozenset())
    if request.work == "rows":
        yield from reading.batches(book, stream, others, missing, BATCH_ROWS)
    elif request.work == "tables":
        yield reading.tables_of(book, stream, others, missing)
    else:
        raise UsageError(f"Không có việc “{request.work}”.")


if __name__ == "__main__":
    limit()
    serve(sys.stdin.buffer, sys.stdout.buffer)
