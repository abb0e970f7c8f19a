"""Files that the systems around the city export: the national portal, petitions, payment, ratings, documents."""

from ..stream_file import StreamFile

EXPORTS: dict[str, StreamFile] = {}
