"""Files that the systems around the city export: the national portal, petitions, payment, ratings, documents."""

from ..stream_file import StreamFile
from . import documents, index_766, payments, petitions, portal_dossiers, portal_procedures, ratings

EXPORTS: dict[str, StreamFile] = {
    module.STREAM: module.FILE
    for module in (portal_dossiers, portal_procedures, index_766, petitions, payments, ratings, documents)
}
