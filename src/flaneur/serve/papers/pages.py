"""The papers that are HTML: each one file that is complete by itself, loads nothing and runs nothing.

The record and the assessment are drafts that people go on writing: word processors open them.
"""

import base64
from pathlib import Path
from typing import Literal

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from flaneur.data.language import Language
from flaneur.serve.papers.evidence import evidence
from flaneur.serve.papers.facts import SiteFacts
from flaneur.serve.papers.public_tables import public_tables
from flaneur.serve.papers.words import Gap, PaperWords

_TEMPLATES = Path(__file__).parent / "templates"
MOST_DAYS = 31
"""So many of the latest days are in the table of the budget."""

Page = Literal["public", "record", "assessment"]
TEMPLATES: dict[Page, str] = {
    "public": "public.html",
    "record": "record.{language}.html",
    "assessment": "assessment.{language}.html",
}


def page_html(page: Page, facts: SiteFacts, language: Language) -> str:
    """The public page, the record of processing (Art. 30) or the impact assessment (Art. 35) as HTML."""
    environment = Environment(
        loader=FileSystemLoader(_TEMPLATES),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    words = PaperWords(language)
    environment.filters["base64"] = lambda content: base64.b64encode(content).decode()
    environment.tests["gap"] = lambda part: isinstance(part, Gap)
    environment.globals.update(say=words.say, words=words, facts=facts, evidence=evidence())
    template = environment.get_template(TEMPLATES[page].format(language=language))
    return template.render(
        tables=list(public_tables(facts, words)) if page == "public" else [],
        budget=list(facts.budget)[-MOST_DAYS:],
        others=[(file_name(page, other), other) for other in facts.languages if other != language],
    )


def file_name(page: Page, language: str) -> str:
    """`public.de.html`"""
    return f"{page}.{language}.html"
