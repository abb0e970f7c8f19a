"""Runs damaged files outside of pytest: one again, to look at it, or all of a seed.

python -m tests.sources.mutant_runs 3                 the 10,000 files of seed 3, with their tally
python -m tests.sources.mutant_runs 3 2188            one of them; --keep FILE writes it down
python -m tests.sources.mutant_runs 3 --arranged 17   one of the arranged tables
"""

from __future__ import annotations

import argparse
import random
import resource
import time
from pathlib import Path

from tests.sources import test_mutations as mutations
from tthc.sources import reader_process


def main() -> None:
    """Run what was asked for, and print what became of it; the first wrong one is an error."""
    parser = argparse.ArgumentParser(prog="python -m tests.sources.mutant_runs", description=__doc__)
    parser.add_argument("seed", type=int)
    parser.add_argument("number", type=int, nargs="?", help="only this damaged file")
    parser.add_argument("--arranged", type=int, help="only this arranged table")
    parser.add_argument("--keep", type=Path, help="write the damaged file here")
    asked = parser.parse_args()
    if asked.number is not None:
        kind, body = mutations.damage(random.Random(f"{asked.seed} {asked.number}"))
        if asked.keep:
            asked.keep.write_bytes(body)
        found = mutations.read(body)
        print(kind, "refused" if found is None else mutations.judge(kind, body, found))
    elif asked.arranged is not None:
        mutations.try_arranged([asked.arranged], asked.seed)
        print("right")
    else:
        began = time.monotonic()
        print(dict(mutations.try_damaged(range(8_000), asked.seed)), flush=True)
        mutations.try_arranged(range(2_000), asked.seed)
        reader_process.end_idle()
        most = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        print(f"2000 arranged tables right; largest reader {most} MB; {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    main()
