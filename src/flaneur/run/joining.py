"""One description of a period out of its figures and the runs that they came from.

A site that is watched is started again now and then, and each start is a run of its own. A reader of one day's figures
asks what was seen on that day, whatever the runs. So whatever an interval knows is taken from the figures, and the runs
tell the rest: how the figures were made.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import replace

from flaneur.data.kinds import Kind
from flaneur.data.notes import Note, NoteKey
from flaneur.data.released import Distribution, Measurement, RunFacts
from flaneur.data.signals import SignalState
from flaneur.data.time import to_s
from flaneur.measure.levels import LEVELS
from flaneur.measure.near_misses import SEVERITIES
from flaneur.measure.signals import RED_CLASSES
from flaneur.release.period import distributions_of

ABOUT_A_VIDEO: frozenset[NoteKey] = frozenset({"several_videos", "oblong_pixels"})
"""Notes that do not count anything, and so do not add up."""
GROUPS = (*LEVELS, *SEVERITIES, *(state.label for state in SignalState), *RED_CLASSES)
"""Groups in their order, which figures do not have."""
ALARM_LEVEL = re.compile(r"level (\d+) from ")


def runs_of(runs: Sequence[RunFacts], start_ns: int, end_ns: int) -> list[RunFacts]:
    """The runs that touch a period; where there is none, the next one, which told that nobody had looked, or the last.

    `runs` are those of one camera in the order of time, one at least.
    """
    touching = [run for run in runs if run.start_ns < end_ns and run.end_ns > start_ns]
    return touching or [run for run in runs if run.start_ns >= end_ns][:1] or [runs[-1]]


def join_runs(runs: Sequence[RunFacts], figures: Sequence[Measurement]) -> RunFacts:
    """The facts of a period from its figures, one at least, and from the runs of the same camera that touch it.

    Frames and observed seconds are those of the figures, as a run may reach beyond the period. It begins with the
    first run and ends with the last, within the intervals that there are figures of; so intervals that lie before or
    after all runs belong to it, as time in which nobody looked. Notes are added up over the whole of the runs. Picture
    and time zone are those of the latest run. What a run took to compute says nothing about a period and is left out;
    that a run was stopped early does not either, because the observed share says what is missing.
    """
    latest = max(runs, key=lambda run: (run.width_px > 0, run.start_ns))
    first = min(figures, key=lambda one: one.start_ns)
    last = max(figures, key=lambda one: one.end_ns)
    begin_ns, end_ns = min(run.start_ns for run in runs), max(run.end_ns for run in runs)
    observed_s, seen, dropped = _observed(figures)
    kinds = {kind for run in runs for kind in run.kinds}
    return replace(
        latest,
        source=_each(run.source for run in runs),
        start_ns=first.start_ns if begin_ns >= first.end_ns else max(begin_ns, first.start_ns),
        end_ns=last.end_ns if end_ns <= last.start_ns else min(end_ns, last.end_ns),
        frames_seen=seen,
        frames_dropped=dropped,
        observed_s=observed_s,
        complete=True,
        detector=_each(run.detector for run in runs),
        detector_licence=_each(run.detector_licence for run in runs),
        detector_sha256=_each(run.detector_sha256 for run in runs),
        detections_per_s=min(run.detections_per_s for run in runs),
        kinds=tuple(kind.label for kind in Kind if kind.label in kinds),
        software=_each(run.software for run in runs),
        wall_s=0.0,
        stage_ms_per_frame=(),
        notes=_notes(runs),
    )


def _each(names: Iterable[str]) -> str:
    return ", ".join(dict.fromkeys(filter(None, names)))


def _observed(figures: Iterable[Measurement]) -> tuple[float, int, int]:
    """Seconds, frames seen and dropped of the camera: where places differ, the one that was observed best counts."""
    best: dict[int, tuple[float, int, int]] = {}
    for one in figures:
        told = one.coverage * to_s(one.end_ns - one.start_ns), one.frames_seen, one.frames_dropped
        known = best.get(one.start_ns, told)
        best[one.start_ns] = max(told[0], known[0]), max(told[1], known[1]), max(told[2], known[2])
    seconds, seen, dropped = zip(*best.values(), strict=True)
    return sum(seconds), sum(seen), sum(dropped)


def _notes(runs: Iterable[RunFacts]) -> tuple[Note, ...]:
    """Each sort once, its numbers added up."""
    found: dict[object, Note] = {}
    for note in (note for run in runs for note in run.notes):
        name = note if note.key in ABOUT_A_VIDEO else note.key
        before = found.get(name)
        if before is None:
            found[name] = note
        elif note.key not in ABOUT_A_VIDEO:
            numbers = tuple(a + b for a, b in zip(before.numbers, note.numbers, strict=True))
            found[name] = Note(note.key, numbers)
    return tuple(found.values())


def distributions(figures: Iterable[Measurement]) -> tuple[Distribution, ...]:
    """What intervals tell of all of them together (`release.period`), in the order of a run's own."""
    return tuple(
        sorted(
            distributions_of(figures),
            key=lambda one: (one.measure, one.place, _rank(one.direction), _kind_rank(one.kind)),
        )
    )


def _rank(group: str) -> tuple[int, float, str]:
    """Alarm levels rise from none to the highest; known groups have their order; names that users gave their own."""
    if level := ALARM_LEVEL.match(group):
        return 1, float(level[1]), group
    if group in ("none", "unknown"):
        return (0 if group == "none" else 3), 0.0, group
    return (2, float(GROUPS.index(group)), group) if group in GROUPS else (2, -1.0, group)


def _kind_rank(label: str) -> int:
    """All kinds first, then in their usual order; pairs of them behind."""
    labels = [kind.label for kind in Kind]
    return labels.index(label) if label in labels else len(labels) if "×" in label else -1
