"""What made the figures."""

from importlib.metadata import version


def software() -> str:
    """The name and version of this program."""
    return f"flaneur {version('flaneur')}"
