"""An even grid of small square cells over the picture, in which hidden areas are kept."""

import math

import cv2
import numpy as np
from numpy.typing import NDArray

Mask = NDArray[np.bool_]
"""[rows, columns]"""
Floats = NDArray[np.float32]


class Cells:
    """Maps boxes of the full frame to cells, and cells to pixels of a picture that is at most as large.

    A cell is a square of `cell_px` whole pixels of that picture, so that hiding each cell which a box touches hides
    each pixel which the box touches.
    """

    def __init__(self, frame_width_px: int, frame_height_px: int, longest_px: int, most_cells: int) -> None:
        """Pictures of at most `longest_px` and at most `most_cells` cells along the longer side."""
        shrink = min(1.0, longest_px / max(frame_width_px, frame_height_px))
        self.width_px = max(1, round(frame_width_px * shrink))
        self.height_px = max(1, round(frame_height_px * shrink))
        self.cell_px = math.ceil(max(self.width_px, self.height_px) / most_cells)
        self.columns = math.ceil(self.width_px / self.cell_px)
        self.rows = math.ceil(self.height_px / self.cell_px)
        self._cells_per_px = (
            self.width_px / frame_width_px / self.cell_px,
            self.height_px / frame_height_px / self.cell_px,
        )

    def under(self, xyxy_px: Floats, grow_x_px: Floats, grow_y_px: Floats) -> Mask:
        """Cells that boxes [n, 4] of the full frame touch after growing by [n] pixels on each side."""
        touched = np.zeros((self.rows, self.columns), bool)
        # Filling some dozens of boxes one by one costs a tenth of any arithmetic on the whole grid.
        for x1, y1, x2, y2 in self.corners(xyxy_px, grow_x_px, grow_y_px).tolist():
            touched[y1:y2, x1:x2] = True
        return touched

    def corners(self, xyxy_px: Floats, grow_x_px: Floats, grow_y_px: Floats) -> NDArray[np.intp]:
        """The same as corners in cells [n, 4], the lower right ones outside.

        The whole grid for each box when one is not finite: whoever measured that knows nothing about the picture.
        """
        left, top, right, bottom = xyxy_px.T.astype(np.float64)
        fx, fy = self._cells_per_px
        edges = np.stack(
            ((left - grow_x_px) * fx, (top - grow_y_px) * fy, (right + grow_x_px) * fx, (bottom + grow_y_px) * fy)
        )
        limits = np.array((self.columns, self.rows, self.columns, self.rows))
        if not np.isfinite(edges).all():
            return np.tile((0, 0, self.columns, self.rows), (len(xyxy_px), 1)).astype(np.intp)
        outwards = np.concatenate((np.floor(edges[:2]), np.ceil(edges[2:]))).T
        corners: NDArray[np.intp] = np.clip(outwards, 0, limits).astype(np.intp)
        return corners

    def shrink(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """A full frame at the picture's size; the frame itself where it has that size."""
        if bgr.shape[:2] == (self.height_px, self.width_px):
            return bgr
        return cv2.resize(bgr, (self.width_px, self.height_px), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]

    def sketch(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Brightness of each cell, slightly smoothed against noise, uint8 [rows, columns]."""
        grey = cv2.cvtColor(bgr, cv2.COLOR_BGR2GRAY)
        small = cv2.resize(grey, (self.columns, self.rows), interpolation=cv2.INTER_AREA)
        return cv2.blur(small, (3, 3))  # type: ignore[return-value]

    def means(self, bgr: NDArray[np.uint8]) -> NDArray[np.uint8]:
        """Mean colour of each cell of a picture at the picture's size, uint8 [rows, columns, 3]."""
        below = self.rows * self.cell_px - self.height_px
        beside = self.columns * self.cell_px - self.width_px
        if below or beside:
            bgr = cv2.copyMakeBorder(bgr, 0, below, 0, beside, cv2.BORDER_REPLICATE)  # type: ignore[assignment]
        if self.cell_px % 2 == 0:  # halving first takes a quarter of the time
            half = self.columns * self.cell_px // 2, self.rows * self.cell_px // 2
            bgr = cv2.resize(bgr, half, interpolation=cv2.INTER_AREA)  # type: ignore[assignment]
        return cv2.resize(bgr, (self.columns, self.rows), interpolation=cv2.INTER_AREA)  # type: ignore[return-value]

    def pixels(self, cells: Mask) -> NDArray[np.uint8]:
        """Cells as a picture mask uint8 [height_px, width_px], 255 where true."""
        size = (self.columns * self.cell_px, self.rows * self.cell_px)
        mask = cv2.resize(cells.view(np.uint8) * np.uint8(255), size, interpolation=cv2.INTER_NEAREST)
        return mask[: self.height_px, : self.width_px]  # type: ignore[return-value]
