"""Names of the statistics that figures give of samples, and of the measures that carry them."""

QUANTILES = {"p05": 0.05, "p15": 0.15, "median": 0.5, "p85": 0.85, "v85": 0.85, "p95": 0.95}
"""Shares of the samples that lie below; `v85` is what traffic engineers call the 85th percentile of speeds."""

STATISTICS = ("count", "share", "sum", "mean", *QUANTILES, "min", "max")


def measure_name(measure: str, statistic: str) -> str:
    """What a figure calls a statistic of a measure.

    >>> measure_name("speed", "v85")
    'speed_v85'
    """
    return f"{measure}_{statistic}"


def split_name(name: str) -> tuple[str, str]:
    """The measure and its statistic; the statistic is empty where `name` has none.

    >>> split_name("queue_length_max"), split_name("crossings"), split_name("occupancy_peak")
    (('queue_length', 'max'), ('crossings', ''), ('occupancy_peak', ''))
    """
    measure, _, statistic = name.rpartition("_")
    return (measure, statistic) if measure and statistic in STATISTICS else (name, "")
