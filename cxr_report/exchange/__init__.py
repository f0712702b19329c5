"""What leaves the house and what comes in from other houses: a study to one zip; two studies to what differs.

In: a study's folder, or for a comparison also an analysis's folder or a zip. Out: a zip without weights that names no
machine and no patient, verified before it is written; or a `Difference`, as a table and as JSON.
"""

from cxr_report.exchange.change import Difference
from cxr_report.exchange.comparison import compare
from cxr_report.exchange.listing import encode, table
from cxr_report.exchange.publishing import Published, Wish, publish
from cxr_report.exchange.sides import Side, read

__all__ = ["Difference", "Published", "Side", "Wish", "compare", "encode", "publish", "read", "table"]
