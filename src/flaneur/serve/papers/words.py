"""Sentences of the papers in one language, with what the configuration fills into them."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from flaneur.serve.formats import Words
from flaneur.serve.papers.evidence import Evidence
from flaneur.serve.papers.facts import Camera, Guarantee, Keeping, Operator, SiteFacts
from flaneur.serve.papers.texts import TEXTS


@dataclass(frozen=True, slots=True)
class Gap:
    """Something that the operator has not stated; every paper shows it as a blank to fill in."""

    what: str = ""


Part = str | Gap
"""A text that is made of parts is shown with its gaps marked."""


class PaperWords:
    """The language of a paper: `en` or `de`."""

    def __init__(self, language: str) -> None:
        self.language = language
        self.words = Words(language)

    def say(self, key: str, **gaps: object) -> str:
        """The text called `key` with its gaps filled."""
        return TEXTS[self.language][key].format(**gaps)

    def date(self, day: date) -> str:
        """`22.11.2026`"""
        return self.say("date", day=day.day, month=day.month, year=day.year)

    def span(self, seconds: int) -> str:
        """`72 hours`, `30 days`: in words, for people who do not read units."""
        for one, many, length in (("one_day", "days", 86_400), ("hour", "hours", 3600), ("one_minute", "minutes", 60)):
            if seconds >= length and seconds % length == 0:
                n = seconds // length
                return self.say(one) if n == 1 else self.say(many, n=self.words.number(n))
        return self.say("one_second") if seconds == 1 else self.say("seconds", n=self.words.number(seconds))

    def hours(self, hours: int) -> str:
        """Up to three days in hours, as rules on recordings have them."""
        if hours <= 72:
            return self.say("hour") if hours == 1 else self.say("hours", n=hours)
        return self.span(hours * 3600)

    def days(self, days: int) -> str:
        """`730 days`"""
        return self.span(days * 86_400)

    def interval(self, facts: SiteFacts) -> str:
        """The shortest time that a figure is about."""
        return self.span(facts.interval_s)

    def made(self, facts: SiteFacts) -> str:
        """When and from what the papers were made."""
        return self.say(
            "made", date=self.date(facts.made), software=facts.software, configuration=facts.configuration[:12]
        )

    def standing(self, facts: SiteFacts) -> str:
        """Whether anybody has checked the papers."""
        checked = facts.operator.checked
        return self.say("draft_text") if checked is None else self.say("checked_text", date=self.date(checked))

    def officer(self, operator: Operator) -> Part:
        """The data-protection officer."""
        if operator.officer is False:
            return self.say("no_officer")
        return operator.officer or Gap(self.say("officer_gap"))

    def ground(self, operator: Operator) -> list[Part]:
        """The legal basis; grounds c and e rest on a statute, which must then be named."""
        letter = self.say("ground_text", letter=operator.ground)
        if operator.law is not None:
            return [self.say("with_law", ground=letter, law=operator.law)]
        return [letter, Gap(self.say("law_gap"))] if operator.ground in "ce" else [letter]

    def recipients(self, operator: Operator) -> Part:
        """Who gets personal data."""
        if operator.recipients is None:
            return Gap(self.say("recipients_gap"))
        return "; ".join(operator.recipients) or self.say("recipients_none")

    def live(self, facts: SiteFacts, *, named: bool) -> str:
        """Who may see the live view, by name or only how many, and what it shows."""
        if not facts.viewers:
            return self.say("live_none")
        recorded = self.say("live_recorded" if facts.audit else "live_unrecorded")
        return f"{self.say('live_text', who=self._viewers(facts, named=named))} {recorded}"

    def _viewers(self, facts: SiteFacts, *, named: bool) -> str:
        n = len(facts.viewers)
        key = f"live_{'named_' if named else ''}{'one' if n == 1 else 'many'}"
        return self.say(key, n=n, names=self._quoted(facts.viewers))

    def receivers(self, facts: SiteFacts, *, named: bool) -> list[str]:
        """Who gets something by the configuration, a sentence each; hosts and accounts only where `named`."""
        out = [self.say("live_short", who=self._viewers(facts, named=named))] if facts.viewers else []
        if named:
            out += [self.say(f"receives_{one.by}", host=one.host) for one in facts.connections]
            out += [] if facts.connections else [self.say("receives_none")]
        elif beyond := {one.by for one in facts.connections} - {"http_local"}:
            what = self.say("receives_alarms" if beyond == {"webhook"} else "receives_figures")
            out.append(self.say("receives_systems", what=what))
        return [*out, self.say("receives_public")] if facts.guarantee else out

    def kinds(self, facts: SiteFacts) -> str:
        """`pedestrians, bicycles and cars`: what the detector tells apart."""
        return self.words.listed([self.words.name(kind) for kind in facts.kinds])

    def _quoted(self, names: Sequence[str]) -> str:
        return self.words.listed([self.say("name", name=name) for name in names])

    def storage(self, facts: SiteFacts) -> list[Part]:
        """How long anything is kept, for the sign: one line each."""
        hours = facts.operator.recordings_h
        parts: list[Part] = [self.say("storage_pictures")]
        if hours is None:
            parts += ["\n" + self.say("storage_gap"), Gap(self.say("storage_gap_what"))]
        else:
            told = self.say("storage_recordings", time=self.hours(hours)) if hours else self.say("storage_none")
            parts.append("\n" + told)
        return [*parts, "\n" + self._figures_kept(facts.keeping)]

    def _figures_kept(self, keeping: Keeping | None) -> str:
        if keeping is None:
            return self.say("storage_open")
        fine = None if keeping.fine_days is None else self.days(keeping.fine_days)
        if keeping.figures_days is None:
            return self.say("storage_coarse", fine=fine)
        time = self.days(keeping.figures_days)
        return (
            self.say("storage_figures", time=time) if fine is None else self.say("storage_fine", fine=fine, time=time)
        )

    def keeping(self, facts: SiteFacts) -> list[tuple[str, Part]]:
        """What is kept and how long, row by row."""
        hours = facts.operator.recordings_h
        recordings: Part = Gap(self.say("storage_gap_what"))
        if hours is not None:
            recordings = self.say("keep_recordings_time", time=self.hours(hours)) if hours else ""
        rows: list[tuple[str, Part]] = [
            (self.say("keep_pictures"), self.say("keep_pictures_time")),
            (self.say("keep_tracks"), self.say("keep_tracks_time")),
            (self.say("keep_recordings"), recordings or self.say("keep_recordings_none")),
            (self.say("keep_figures"), self._exact_kept(facts.keeping)),
        ]
        return [*rows, (self.say("keep_public"), self.say("keep_public_time"))] if facts.guarantee else rows

    def _exact_kept(self, keeping: Keeping | None) -> str:
        parts = []
        if keeping is not None and keeping.fine_days is not None:
            step = self.span(keeping.coarsen_to_s)
            parts.append(self.say("keep_figures_fine", fine=self.days(keeping.fine_days), step=step))
        if keeping is not None and keeping.figures_days is not None:
            parts.append(self.say("keep_figures_delete", time=self.days(keeping.figures_days)))
        else:
            parts.append(self.say("keep_figures_open"))
        return "; ".join(parts)

    def rights(self, operator: Operator) -> str:
        """The rights in keywords, for the sign."""
        more = {"a": "rights_withdraw", "e": "rights_object", "f": "rights_object"}.get(operator.ground)
        return self.say("rights_sign", more=self.say(more) if more else "")

    def measured(self, camera: Camera) -> list[str]:
        """What a camera measures, a sentence for each sort of place."""
        sorts = ("lines", "zones", "flows", "crowds", "queues", "signals")
        out = [
            self.say(f"does_{sort}", names=self._quoted(names)) for sort in sorts if (names := getattr(camera, sort))
        ]
        return [
            *out,
            *([self.say("does_metric")] if camera.metric else []),
            *([] if camera.lines or camera.zones else [self.say("does_edges")]),
            self.say("does_picture"),
            self.say("does_health"),
        ]

    def protection(self, guarantee: Guarantee) -> str:
        """What public figures protect, and how far."""
        sure = math.exp(guarantee.epsilon_per_day) / (1.0 + math.exp(guarantee.epsilon_per_day))
        return self.say(
            "protection_text",
            rho=self.span(guarantee.rho_s),
            times=guarantee.appearances,
            epsilon=self.epsilon(guarantee.epsilon_per_day),
            sure=self.words.share(sure).replace(" ", "\u00a0"),
        )

    def epsilon(self, value: float) -> str:
        """`0.5`"""
        return f"{value:.6g}".replace(".", self.words.say("decimal"))

    def masks(self, camera: Camera) -> str:
        """How much of the picture nobody sees."""
        return self.say("mask") if camera.masks == 1 else self.say("masks", n=camera.masks)

    def evidence_value(self, one: Evidence) -> str:
        """A measured figure with the decimal sign of the language."""
        return one.value.replace(".", self.words.say("decimal"))

    def evidence_text(self, one: Evidence) -> str:
        """What was measured."""
        return one.de if self.language == "de" else one.en
