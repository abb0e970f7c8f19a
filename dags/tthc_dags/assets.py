"""By which assets the streams tell that months moved. Each event carries months as its partitions."""

from airflow.sdk import Asset

from tthc.sources.streams import Stream, streams


def outlet(stream: Stream) -> list[Asset]:
    """Return the asset that tells which months moved; a stream that another waits for has none.

    The other stream judges its rows with them, so it is the one that knows the months.
    """
    waited_for = any(stream.stream in other.after for other in streams().values())
    return [] if waited_for else [Asset(f"tthc:{stream.table}")]


def month_assets() -> list[Asset]:
    """Return the assets of all streams, in the order of their names."""
    return [asset for stream in streams().values() for asset in outlet(stream)]
