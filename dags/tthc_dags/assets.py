"""By which assets the streams tell that months moved. Each event carries months as its partitions."""

from airflow.sdk import Asset

from tthc.sources.streams import Stream, streams

#: The months that have been counted; its state remembers when each count began.
MONTHS = Asset("tthc:marts.dossier_periods")


def outlet(stream: Stream) -> Asset:
    """Return the asset that tells which months a stream moved."""
    return Asset(f"tthc:{stream.table}")


def month_assets() -> list[Asset]:
    """Return the assets of all streams, in the order of their names."""
    return [outlet(stream) for stream in streams().values()]
