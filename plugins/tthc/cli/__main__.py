"""``python -m tthc.cli`` is ``tthc``."""

import sys

from tthc.cli import main

if __name__ == "__main__":
    sys.exit(main())
