"""The OpenVINO backend: any network whose output layout is known."""

import queue
from typing import Any

import numpy as np
from numpy.typing import NDArray

from flaneur.data.private import Detections
from flaneur.detect.graph import last_line, load, model_sha256
from flaneur.detect.layouts import LAYOUTS, ShapeError
from flaneur.detect.models import ModelEntry
from flaneur.detect.picture import Fit, place
from flaneur.detect.protocol import DetectorFacts, ModelError
from flaneur.detect.riders import merge_riders
from flaneur.detect.runtime import openvino
from flaneur.detect.suppress import suppress


class NetworkDetector:
    """A network on the processor; works on `at_once` pictures at once, further callers wait for their turn."""

    def __init__(self, entry: ModelEntry, threads: int, at_once: int) -> None:
        assert entry.path is not None
        layout = LAYOUTS[entry.layout]
        graph = load(entry.path, layout)
        classes = np.array(list(entry.kinds), np.intp)
        try:
            self._decode = layout.make_decoder(graph.outputs, graph.width_px, graph.height_px, classes)
        except ShapeError as error:
            found = ", ".join(str(list(port.shape)) for port in graph.outputs)
            raise ModelError(f"{entry.path.name}: layout {entry.layout!r} needs {error}; found {found}") from None
        self._stretch = layout.stretch
        self._kind = np.array(list(entry.kinds.values()), np.uint8)
        self.facts = DetectorFacts(
            name=entry.name,
            licence=entry.licence,
            sha256=model_sha256(entry.path),
            kinds=tuple(sorted(set(entry.kinds.values()))),
            width_px=graph.width_px,
            height_px=graph.height_px,
        )
        compiled = _compile(entry.path.name, graph.model, threads, at_once)
        self._free: queue.SimpleQueue[_Slot] = queue.SimpleQueue()
        for _ in range(at_once):
            self._free.put(_Slot(compiled, graph.width_px, graph.height_px))

    def detect(self, bgr: NDArray[np.uint8]) -> Detections:
        """Road users in a picture uint8 [h, w, 3]; see `Detector.detect`."""
        height, width = bgr.shape[:2]
        fit = Fit.of((width, height), (self.facts.width_px, self.facts.height_px), self._stretch)
        slot = self._free.get()
        try:
            place(bgr, fit, slot.canvas)
            slot.request.infer([slot.tensor], share_inputs=True, share_outputs=True)
            with np.errstate(all="ignore"):  # a bad network may well overflow; `suppress` drops what comes of it
                found = self._decode([tensor.data for tensor in slot.request.output_tensors])
                boxes = fit.to_frame(found.xyxy)
        finally:
            self._free.put(slot)
        return merge_riders(suppress(boxes, found.score, self._kind[found.column]))


class _Slot:
    """What one picture under work needs: an input and a request of its own."""

    def __init__(self, compiled: Any, width: int, height: int) -> None:
        picture = np.zeros((1, height, width, 3), np.uint8)
        self.canvas = picture[0]
        self.tensor = openvino.Tensor(picture, shared_memory=True)
        self.request = compiled.create_infer_request()


def _compile(name: str, model: Any, threads: int, at_once: int) -> Any:
    settings = {
        "NUM_STREAMS": at_once,
        "INFERENCE_NUM_THREADS": threads,
        "ENABLE_CPU_PINNING": False,  # pinned, two processes on one machine share a core
    }
    try:
        return openvino.Core().compile_model(model, "CPU", settings)
    except RuntimeError as error:
        raise ModelError(f"{name} has operations that OpenVINO cannot run here: {last_line(error)}") from None
