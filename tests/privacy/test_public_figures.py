"""Noise has one source, nobody can choose it, and there is no way round the ledger."""

import ast
from pathlib import Path

SOURCE = Path(__file__).parents[2] / "src" / "flaneur"


def calls(name: str) -> list[tuple[str, ast.Call]]:
    """Calls of a function called `name`, with the file that they are in."""
    return [
        (str(path.relative_to(SOURCE)), node)
        for path in SOURCE.rglob("*.py")
        for node in ast.walk(ast.parse(path.read_text()))
        if isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) == name
    ]


def test_figures_are_made_in_one_place_with_the_noise_of_opendp() -> None:
    ((path, call),) = calls("public_figures")
    assert path == "run/publishing.py"
    assert len(call.args) == 2, "no other noise is given"
    assert not call.keywords


def test_only_one_module_draws_noise() -> None:
    users = {path.name for path in SOURCE.rglob("*.py") if "opendp" in path.read_text()}
    assert users == {"noise.py"}
    text = (SOURCE / "release" / "noise.py").read_text()
    for other in ("np.random", "numpy.random", "import random", "seed("):
        assert other not in text, "noise comes from OpenDP alone"


def test_the_ledger_is_charged_before_figures_are_made() -> None:
    """In the source as well; tests/integration/test_publish.py lets the program crash in between."""
    tree = ast.parse((SOURCE / "run" / "publishing.py").read_text())
    (publish,) = (n for n in ast.walk(tree) if isinstance(n, ast.FunctionDef) and n.name == "publish_video")
    order = [
        getattr(node.func, "attr", getattr(node.func, "id", ""))
        for statement in publish.body
        for node in ast.walk(statement)
        if isinstance(node, ast.Call)
    ]
    assert order.index("spend") < order.index("public_figures") < order.index("write_open_data")


def test_nobody_but_the_ledger_writes_to_it() -> None:
    writers = {path.name for path in SOURCE.rglob("*.py") if "INTO spent" in path.read_text()}
    assert writers == {"ledger.py"}
