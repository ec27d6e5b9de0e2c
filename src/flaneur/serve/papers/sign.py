"""The sign at the camera: a page for each camera with what Art. 13 GDPR wants to be said before the observed area.

Contents are those of the model sign of the German supervisory authorities (Datenschutzkonferenz, short paper 15): the
observation by pictogram, controller, data-protection officer, purposes and legal basis, legitimate interest, storage,
and where to find the rest. Drawn in points of A4; A3 is the same, enlarged.
"""

import io
from collections.abc import Sequence
from typing import Literal
from xml.sax.saxutils import escape

from reportlab.graphics import renderPDF
from reportlab.graphics.barcode.qr import QrCodeWidget
from reportlab.graphics.shapes import Drawing
from reportlab.lib.colors import HexColor, white
from reportlab.lib.styles import ParagraphStyle
from reportlab.pdfbase.pdfmetrics import stringWidth
from reportlab.pdfgen.canvas import Canvas
from reportlab.platypus import Paragraph

from flaneur.data.errors import UserError
from flaneur.serve.papers.facts import Camera, SiteFacts
from flaneur.serve.papers.pictogram import draw_camera
from flaneur.serve.papers.words import Gap, PaperWords, Part

Paper = Literal["A4", "A3"]
MM = 72.0 / 25.4
WIDTH, HEIGHT = 210.0 * MM, 297.0 * MM
SIZES = {"A4": (WIDTH, HEIGHT), "A3": (HEIGHT, 420.0 * MM)}
MARGIN = 16 * MM
HEAD_H, STRIP_H, PANEL_H, FOOT_H = 66 * MM, 9 * MM, 56 * MM, 12 * MM
LABEL_W = 56 * MM
QR_SIDE = 46 * MM
BLUE, INK, SOFT, RULE, PANEL, AMBER = map(HexColor, ("#0b4a7d", "#15191d", "#4b545d", "#b9c2ca", "#eef2f5", "#ffd24a"))
GAP_COLOUR = "#ffe08a"
PLAIN, BOLD = "Helvetica", "Helvetica-Bold"
LARGEST, SMALLEST, STEP = 1.2, 0.7, 0.025
"""Text is as large as fits: 14.4 to 8.4 points on A4."""


def sign_pdf(facts: SiteFacts, language: str, paper: Paper) -> bytes:
    """The sign as PDF, the same bytes for the same facts. UserError when it cannot be printed or has no room."""
    words = PaperWords(language)
    _check_letters(facts)
    buffer = io.BytesIO()
    canvas = Canvas(buffer, pagesize=SIZES[paper], invariant=1, lang=words.say("lang"))
    canvas.setTitle(words.say("sign_title", site=facts.site))
    canvas.setSubject(words.say("sign_foot"))
    canvas.setAuthor(facts.operator.controller)
    canvas.setCreator(facts.software)
    canvas.setKeywords([facts.site, *(camera.name for camera in facts.cameras)])
    for camera in facts.cameras:
        canvas.scale(SIZES[paper][0] / WIDTH, SIZES[paper][1] / HEIGHT)
        _draw(canvas, facts, camera, words)
        canvas.showPage()
    canvas.save()
    return buffer.getvalue()


def _draw(canvas: Canvas, facts: SiteFacts, camera: Camera, words: PaperWords) -> None:
    top = HEIGHT
    if facts.draft:
        top -= STRIP_H
        canvas.setFillColor(AMBER)
        canvas.rect(0, top, WIDTH, STRIP_H, stroke=0, fill=1)
        _centred(canvas, words.say("draft_sign"), BOLD, 10.5, top + 0.36 * STRIP_H)
    top = _head(canvas, facts, camera, words, top)
    bottom = FOOT_H + PANEL_H
    _body(canvas, facts, words, top - 7 * MM, bottom + 5 * MM)
    _panel(canvas, facts, words, FOOT_H)
    canvas.setFillColor(SOFT)
    canvas.setFont(PLAIN, 7.5)
    canvas.drawString(MARGIN, FOOT_H / 2 - 2, words.say("sign_foot"))
    canvas.drawRightString(WIDTH - MARGIN, FOOT_H / 2 - 2, words.made(facts))


def _head(canvas: Canvas, facts: SiteFacts, camera: Camera, words: PaperWords, top: float) -> float:
    """Draw pictogram and headline downwards from `top`; returns where they end."""
    canvas.setFillColor(BLUE)
    canvas.rect(0, top - HEAD_H, WIDTH, HEAD_H, stroke=0, fill=1)
    side = 46 * MM
    draw_camera(canvas, MARGIN, top - (HEAD_H + side) / 2, side, BLUE)
    left = MARGIN + side + 9 * MM
    width = WIDTH - left - MARGIN
    lines = (
        (words.say("sign_head"), BOLD, 38.0, 4 * MM),
        (words.say("sign_sub"), PLAIN, 17.5, 4 * MM),
        (words.say("sign_where", site=facts.site, camera=camera.name), BOLD, 13.0, 0.0),
    )
    y = top - 13 * MM
    for text, font, size, below in lines:
        y -= _flow(canvas, [text], left, y, width, _style(font, size, colour=white), 2.6 * size) + below
    return top - HEAD_H


def _body(canvas: Canvas, facts: SiteFacts, words: PaperWords, top: float, bottom: float) -> None:
    """Draw the lead and the rows between `top` and `bottom`, as large as they fit."""
    operator = facts.operator
    rows: list[tuple[str, Sequence[Part]]] = [
        (words.say("controller"), [f"{operator.controller}\n{operator.address}\n{operator.contact}"]),
        (words.say("officer"), [words.officer(operator)]),
        (words.say("purposes"), ["; ".join(operator.purposes)]),
        (words.say("ground"), words.ground(operator)),
        *([(words.say("interest"), [operator.interest])] if operator.interest else []),
        (words.say("storage"), words.storage(facts)),
        (words.say("rights"), [words.rights(operator)]),
    ]
    if operator.officer is False:
        del rows[1]
    lead = words.say("sign_lead", interval=words.interval(facts))
    if facts.viewers:
        lead += " " + words.say("sign_live")
    for step in range(round((LARGEST - SMALLEST) / STEP) + 1):
        scale = LARGEST - step * STEP
        if _rows(None, lead, rows, words, top, scale) >= bottom:
            _rows(canvas, lead, rows, words, top, scale)
            return
    raise UserError("the sign has no room for all of this; shorten the purposes and other texts under [papers]")


def _rows(
    canvas: Canvas | None,
    lead: str,
    rows: Sequence[tuple[str, Sequence[Part]]],
    words: PaperWords,
    top: float,
    scale: float,
) -> float:
    """Draw lead and rows downwards from `top`, or only find out where they end."""
    pad = 2.6 * MM * scale
    width = WIDTH - 2 * MARGIN
    y = top - _flow(canvas, [lead], MARGIN, top, width, _style(PLAIN, 14.0 * scale, colour=INK), HEIGHT) - 2 * pad
    style = _style(PLAIN, 12.0 * scale, colour=INK)
    widest = max(stringWidth(label, BOLD, 12.0) for label, _ in rows)
    label_style = _style(BOLD, 12.0 * min(scale, (LABEL_W - 7 * MM) / widest), colour=BLUE)
    for label, parts in rows:
        if canvas is not None:
            canvas.setStrokeColor(RULE)
            canvas.setLineWidth(0.7)
            canvas.line(MARGIN, y, WIDTH - MARGIN, y)
        y -= pad
        label_h = _flow(canvas, [label], MARGIN, y, LABEL_W - 4 * MM, label_style, HEIGHT)
        text_h = _flow(canvas, _marked(parts, words), MARGIN + LABEL_W, y, width - LABEL_W, style, HEIGHT)
        y -= max(label_h, text_h) + pad
    return y


def _panel(canvas: Canvas, facts: SiteFacts, words: PaperWords, bottom: float) -> None:
    """Draw the way to the public page: a QR code and its address."""
    canvas.setFillColor(PANEL)
    canvas.rect(0, bottom, WIDTH, PANEL_H, stroke=0, fill=1)
    y = bottom + (PANEL_H - QR_SIDE) / 2
    canvas.setFillColor(white)
    canvas.rect(MARGIN, y, QR_SIDE, QR_SIDE, stroke=0, fill=1)
    code = Drawing(QR_SIDE, QR_SIDE)
    code.add(QrCodeWidget(facts.operator.public_url, barWidth=QR_SIDE, barHeight=QR_SIDE, barLevel="M", barBorder=4))
    renderPDF.draw(code, canvas, MARGIN, y)
    left = MARGIN + QR_SIDE + 8 * MM
    width = WIDTH - MARGIN - left
    y += QR_SIDE - 3 * MM
    y -= _flow(canvas, [words.say("more")], left, y, width, _style(BOLD, 18.0, colour=BLUE), HEIGHT) + 1.5 * MM
    y -= _flow(canvas, [words.say("more_text")], left, y, width, _style(PLAIN, 11.5, colour=INK), HEIGHT) + 2 * MM
    url_style = _style(BOLD, 11.5, colour=INK)
    while _flow(None, [facts.operator.public_url], left, y, width, url_style, HEIGHT) > y - bottom - 3 * MM:
        url_style = _style(BOLD, url_style.fontSize - 0.5, colour=INK)
    _flow(canvas, [facts.operator.public_url], left, y, width, url_style, HEIGHT)


def _flow(
    canvas: Canvas | None,
    parts: Sequence[str],
    left: float,
    top: float,
    width: float,
    style: ParagraphStyle,
    room: float,
) -> float:
    """Set text downwards from `top`, smaller where it would be higher than `room`; returns its height."""
    texts = [
        part if part.startswith("<font ") else escape(part).replace("\n", "<br/>").replace("§ ", "§\u00a0")
        for part in parts
    ]
    while True:
        paragraph = Paragraph(" ".join(texts), style)
        _, height = paragraph.wrap(width, HEIGHT)
        if height <= room or style.fontSize < 8.0:
            break
        style = _style(style.fontName, style.fontSize * 0.92, colour=style.textColor)
    if canvas is not None:
        paragraph.drawOn(canvas, left, top - height)
    return float(height)


def _marked(parts: Sequence[Part], words: PaperWords) -> list[str]:
    """Texts as they are, gaps as marked blanks."""
    return [
        f'<font backColor="{GAP_COLOUR}">[{escape(words.say("fill_in"))}: {escape(part.what)} ______________ ]</font>'
        if isinstance(part, Gap)
        else part
        for part in parts
    ]


def _style(font: str, size: float, *, colour: object) -> ParagraphStyle:
    return ParagraphStyle("s", fontName=font, fontSize=size, leading=1.25 * size, textColor=colour, splitLongWords=1)


def _centred(canvas: Canvas, text: str, font: str, size: float, y: float) -> None:
    canvas.setFillColor(INK)
    while stringWidth(text, font, size) > WIDTH - 2 * MARGIN:
        size -= 0.5
    canvas.setFont(font, size)
    canvas.drawCentredString(WIDTH / 2, y, text)


def _check_letters(facts: SiteFacts) -> None:
    """UserError where a text has letters that the fonts which every PDF reader knows do not have."""
    operator = facts.operator
    texts = [facts.site, *(camera.name for camera in facts.cameras), *operator.purposes]
    texts += [operator.controller, operator.address, operator.contact, operator.law or "", operator.interest or ""]
    texts += [operator.officer or ""]
    for text in texts:
        for letter in text:
            if letter.encode("cp1252", errors="ignore") == b"":
                raise UserError(
                    f"the sign cannot print the letter {letter!r} of {text!r}; write it with letters of Western "
                    "European languages"
                )
