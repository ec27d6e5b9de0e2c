"""Frames to detections: one protocol, one backend, any model whose output layout is known."""

from flaneur.detect.detector import DetectParams, open_detector
from flaneur.detect.protocol import Detector, DetectorFacts, ModelError

__all__ = ["DetectParams", "Detector", "DetectorFacts", "ModelError", "open_detector"]
