from pathlib import Path

import pytest

from flaneur.data.errors import UserError
from flaneur.source.secrets import Secrets, variable_stem

SECRET = "s3cr3t"


def secrets_file(folder: Path, text: str, mode: int = 0o600) -> Path:
    path = folder / "secrets.toml"
    path.write_text(text)
    path.chmod(mode)
    return path


def login(secrets: Secrets, name: str) -> tuple[str, str] | None:
    found = secrets.of(name)
    return found and (found.user, found.password)


@pytest.mark.parametrize(
    ("name", "stem"), [("gate", "GATE"), ("Süd 2: gate", "SUD_2_GATE"), ("-a--b-", "A_B"), ("東", "")]
)
def test_names_inside_variables(name: str, stem: str) -> None:
    assert variable_stem(name) == stem


def test_the_environment_comes_before_the_file(tmp_path: Path) -> None:
    file = secrets_file(tmp_path, '[gate]\nuser = "f"\npassword = "x"\n["North gate"]\nuser = "n"\npassword = ""\n')
    environment = {"FLANEUR_GATE_USER": "e", "FLANEUR_GATE_PASSWORD": "y"}
    secrets = Secrets(file, environment)
    assert login(secrets, "gate") == ("e", "y")
    assert login(secrets, "North gate") == ("n", "")
    assert secrets.of("yard") is None
    assert login(Secrets(file, {}), "gate") == ("f", "x")


def test_a_name_without_latin_letters_has_no_variables(tmp_path: Path) -> None:
    """They would be the same for all such names, and one camera's password would be sent to another."""
    environment = {"FLANEUR__USER": "e", "FLANEUR__PASSWORD": SECRET}
    assert Secrets(environment=environment).of("東") is None
    assert Secrets(environment={"FLANEUR__USER": "half"}).of("東") is None
    file = secrets_file(tmp_path, '["東"]\nuser = "f"\npassword = "x"\n')
    assert login(Secrets(file, environment), "東") == ("f", "x")


def test_half_a_login_is_refused() -> None:
    with pytest.raises(UserError, match="both FLANEUR_GATE_USER and FLANEUR_GATE_PASSWORD") as refused:
        Secrets(environment={"FLANEUR_GATE_PASSWORD": SECRET}).of("gate")
    assert SECRET not in str(refused.value)


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o602, 0o660, 0o666])
def test_a_file_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    with pytest.raises(UserError, match="chmod 600"):
        Secrets(secrets_file(tmp_path, "", mode), {})


@pytest.mark.parametrize(
    "text",
    [
        f'[gate]\nuser = "a"\npassword = "{SECRET}',
        f'[gate]\npassword = "{SECRET}"',
        f'[gate]\nuser = 1\npassword = "{SECRET}"',
        f'[gate]\nuser = "a"\npassword = "b"\nkey = "{SECRET}"',
        f'gate = "{SECRET}"',
        f'[gate]\nuser = "{SECRET}"\nuser = "{SECRET}"',
        f'[gate]\nuser = "{SECRET}"\npassword = {"9" * 5000}',
        f'"{SECRET}" = {"[" * 5000}',
    ],
)
def test_what_is_wrong_is_told_without_the_content(tmp_path: Path, text: str) -> None:
    with pytest.raises(UserError, match=r"secrets\.toml") as refused:
        Secrets(secrets_file(tmp_path, text), {})
    error: BaseException | None = refused.value
    while error is not None:  # the parser quotes what it could not read
        assert SECRET not in str(error)
        error = error.__context__


def test_a_file_that_is_missing_or_no_text(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="cannot be read"):
        Secrets(tmp_path / "none.toml", {})
    path = secrets_file(tmp_path, "")
    path.write_bytes(b"\xff\xfe\x00")
    with pytest.raises(UserError, match="no TOML"):
        Secrets(path, {})
