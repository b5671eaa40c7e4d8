"""Which counts to hide: those that are too small, and then so many others that nobody can compute them.

One linear program holds all tables of a release and everything released before. For each count in need, it looks for
a second set of tables that agrees with everything shown, in which that count is large enough, and that departs from
the true tables at the least cost; where it departs, a count must be hidden. After Fischetti and Salazar, and Kelly.
Nothing here decides whether a release is safe: `audit` does, without a line of this.
"""

from __future__ import annotations

from linkage.research.suppress.needs import primary
from linkage.research.suppress.question import NoWay, Pattern, Question
from linkage.research.suppress.search import suppress

__all__ = ["NoWay", "Pattern", "Question", "primary", "suppress"]
