import string

from flaneur.cli.publish_texts import TEXTS


def test_both_languages_say_the_same_things() -> None:
    assert TEXTS["en"].keys() == TEXTS["de"].keys()
    for key, english in TEXTS["en"].items():
        gaps = [{gap for _, gap, _, _ in string.Formatter().parse(text) if gap} for text in (english, TEXTS["de"][key])]
        assert gaps[0] == gaps[1], key
