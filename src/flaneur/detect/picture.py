"""Pictures into the network's input, boxes back out of it."""

from dataclasses import dataclass

import cv2
import numpy as np
from numpy.typing import NDArray

BORDER_GREY = 114
"""Value of the border, as the networks were trained with."""

HALVE_FROM = 2.0
"""From this shrinking factor on, bilinear sampling alone would leave out most of the picture, and thin things with it.
Going to twice the size first and from there to the size, which is then the mean of 2×2, costs a sixth of averaging
over the whole picture."""


@dataclass(frozen=True, slots=True)
class Fit:
    """How a picture lies in the network's input: scaled, at the top left."""

    inner_px: tuple[int, int]
    """Width and height of the scaled picture inside the input."""
    frame_px: tuple[int, int]
    """Width and height of the picture."""

    @staticmethod
    def of(frame_px: tuple[int, int], input_px: tuple[int, int], stretch: bool) -> "Fit":
        """As large as fits with the aspect ratio kept, or over the whole input when `stretch`."""
        if stretch:
            return Fit(input_px, frame_px)
        (width, height), (input_width, input_height) = frame_px, input_px
        scale = min(input_width / width, input_height / height)
        return Fit((max(1, round(width * scale)), max(1, round(height * scale))), frame_px)

    def to_frame(self, xyxy: NDArray[np.float32]) -> NDArray[np.float32]:
        """Boxes [n, 4] in pixels of the input, as pixels of the picture, cut at its edges."""
        frame = np.array(self.frame_px * 2, np.float32)
        scale = frame / np.array(self.inner_px * 2, np.float32)
        return np.clip(xyxy * scale, np.float32(0), frame)


def place(bgr: NDArray[np.uint8], fit: Fit, canvas: NDArray[np.uint8]) -> None:
    """Writes the scaled picture into `canvas` [input height, input width, 3] and a grey border around it."""
    width, height = fit.inner_px
    shrink = max(fit.frame_px[0] / width, fit.frame_px[1] / height)
    if shrink >= HALVE_FROM:
        bgr = cv2.resize(bgr, (2 * width, 2 * height), interpolation=cv2.INTER_LINEAR).astype(np.uint8, copy=False)
    cv2.resize(bgr, (width, height), dst=canvas[:height, :width], interpolation=cv2.INTER_LINEAR)
    canvas[height:] = BORDER_GREY
    canvas[:height, width:] = BORDER_GREY
