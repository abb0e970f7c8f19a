"""``airflow`` with the libraries of our tasks already imported: for the scheduler and for Celery's workers.

Both fork the processes in which tasks run, so what is imported here is imported once and shared. Without it
every audit spends three seconds of processor time importing Great Expectations.
"""

import logging
import sys


def main() -> None:
    """Import what tasks use, then become ``airflow`` with the arguments given."""
    # Airflow first: it configures logging and the database engine as it expects to.
    from airflow.__main__ import main as airflow

    logging.getLogger("great_expectations").setLevel(logging.WARNING)
    import great_expectations  # noqa: F401

    import tthc.flows
    import tthc.quality.audit  # noqa: F401

    sys.argv[0] = "airflow"
    airflow()


if __name__ == "__main__":
    main()
