"""Vision: frames to detections of people."""

import sys

# OpenVINO's telemetry, imported with it, reports each use to its maker unless a file in the home folder
# forbids it. What cannot be imported reports nothing; OpenVINO has a stand-in for that case.
sys.modules.setdefault("openvino_telemetry", None)  # type: ignore[arg-type]
