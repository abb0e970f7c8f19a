"""The steps that DAGs and the command line call. Each is safe to repeat; values in and out fit in JSON.

A reading goes fetch → stage → audit → merge; what a merge moved goes refresh → compare → publish.
"""

from tthc.flows.city import fetch as fetch
from tthc.flows.city import ingest as ingest
from tthc.flows.figures import compare as compare
from tthc.flows.figures import last_month as last_month
from tthc.flows.figures import publish as publish
from tthc.flows.figures import refresh as refresh
from tthc.flows.files import inbox as inbox
from tthc.flows.files import load as load
from tthc.flows.preparation import init as init
from tthc.flows.progress import Progress as Progress
from tthc.flows.progress import say as say
from tthc.flows.readings import audit as audit
from tthc.flows.readings import fetch_state as fetch_state
from tthc.flows.readings import judge_again as judge_again
from tthc.flows.readings import merge as merge
from tthc.flows.readings import stage as stage
from tthc.flows.readings import stream_of as stream_of
from tthc.flows.readings import take_in as take_in
from tthc.flows.readings import unload as unload
