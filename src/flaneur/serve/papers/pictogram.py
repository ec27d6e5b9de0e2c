"""The pictogram of a camera, as a drawing of our own after the usual sign for video observation."""

from reportlab.lib.colors import Color, white
from reportlab.pdfgen.canvas import Canvas

SIDE = 100.0
"""The drawing is made in a square of this side."""


def draw_camera(canvas: Canvas, left: float, bottom: float, side: float, colour: Color) -> None:
    """Draw a camera on a wall mount, in `colour` on a white square of `side` points."""
    canvas.saveState()
    canvas.translate(left, bottom)
    canvas.scale(side / SIDE, side / SIDE)
    canvas.setFillColor(white)
    canvas.roundRect(0, 0, SIDE, SIDE, 9, stroke=0, fill=1)
    canvas.setFillColor(colour)
    canvas.setStrokeColor(colour)
    canvas.translate(SIDE / 2, SIDE / 2)
    canvas.scale(0.94, 0.94)
    canvas.translate(-SIDE / 2, -SIDE / 2)
    _mount(canvas)
    canvas.translate(51, 60)
    canvas.rotate(17)
    _housing(canvas)
    canvas.restoreState()


def _mount(canvas: Canvas) -> None:
    canvas.rect(86, 14, 6, 44, stroke=0, fill=1)
    canvas.setLineWidth(7)
    canvas.setLineCap(0)
    canvas.setLineJoin(1)
    path = canvas.beginPath()
    path.moveTo(88, 34)
    path.lineTo(66, 34)
    path.lineTo(60, 60)
    canvas.drawPath(path, stroke=1, fill=0)


def _housing(canvas: Canvas) -> None:
    """Body, hood and lens, seen from the side, looking to the left."""
    canvas.roundRect(-30, -14, 66, 28, 4, stroke=0, fill=1)
    canvas.rect(-43, 17, 82, 6, stroke=0, fill=1)
    canvas.rect(-41, -9, 9, 18, stroke=0, fill=1)
    canvas.setFillColor(white)
    canvas.circle(-18, 0, 6.5, stroke=0, fill=1)
    canvas.rect(-6, -1.6, 34, 3.2, stroke=0, fill=1)
