"""How long to wait before something that failed is tried again."""

import random

FIRST_S = 1.0
LONGEST_S = 60.0


def pause_s(failures: int) -> float:
    """Seconds to wait after so many failures in a row: 1 s, doubled each time up to 60 s, less up to a half by chance.

    Chance keeps many machines from knocking at the same moment.
    """
    whole = min(FIRST_S * 2.0 ** min(failures - 1, 10), LONGEST_S)
    return whole * random.uniform(0.5, 1.0)  # noqa: S311 - no secret
