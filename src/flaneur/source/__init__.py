"""Video files -> frames with their own time; the only place that knows FFmpeg."""

from flaneur.source.file import FileSource, SourceParams
from flaneur.source.opening import SourceError, SourceInfo

__all__ = ["FileSource", "SourceError", "SourceInfo", "SourceParams"]
