"""The one door to OpenVINO; everything else imports it from here.

Where `openvino_telemetry` is installed, a plain `import openvino` writes a client id into the home folder
and sends an event. Our lock leaves that package out, but a user's environment may hold it, so its import
is made impossible before OpenVINO can try. OpenVINO then uses its own silent stand-in.
"""

import sys

sys.modules["openvino_telemetry"] = None  # type: ignore[assignment]  # the import system's own way to forbid a module

import openvino  # noqa: E402  # only after the line above
from openvino import opset13  # noqa: E402
from openvino.preprocess import PrePostProcessor  # noqa: E402

__all__ = ["PrePostProcessor", "openvino", "opset13"]
