"""`flaneur camera find`: from cameras on the network to sections of a site file."""

import json
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import groupby

from flaneur.data.errors import UserError
from flaneur.source.discovery import Device, probe
from flaneur.source.live_opening import LostError, suits_best
from flaneur.source.onvif_camera import Profile, read_profiles
from flaneur.source.secrets import Credentials, variable_stem

ANSWER_S = 10.0
AT_ONCE = 4
"""Cameras that are asked for their streams at the same time; reading the answers is work."""


def find_all(wait_s: float) -> Iterator[str]:
    """Sections for all cameras that answer on the local network; UserError when none does.

    No password is sent to anybody: a camera that asks for one gets a remark that says how to give it.
    """
    devices = probe(wait_s)
    if not devices:
        raise UserError(
            "no camera answered; is it on this network, and is ONVIF switched on in it? "
            "Give its address: flaneur camera find 192.168.1.64"
        )
    with ThreadPoolExecutor(AT_ONCE) as pool:
        yield from pool.map(_remark_or_sections, devices, [f"camera {k}" for k in range(1, len(devices) + 1)])


def find_one(address: str, name: str, credentials: Credentials | None) -> str:
    """Sections for the camera at an address; UserError when it tells nothing."""
    try:
        return sections(name, read_profiles(Device.parse(address), credentials, ANSWER_S))
    except LostError as error:
        stem = variable_stem(name)
        hint = f" Set FLANEUR_{stem}_USER and …_PASSWORD." if stem else " Give a file of credentials: --secrets FILE."
        raise UserError(f"{error}{hint if error.reason == 'unauthorised' else ''}") from None


def sections(name: str, profiles: Sequence[Profile]) -> str:
    """TOML of one `[[camera]]` for each lens, with the stream that suits best; the others stand beside it."""
    if not profiles:
        return f"# {_plain(name)} offers no video\n"
    lenses = [list(group) for _, group in groupby(sorted(profiles, key=lambda p: p.lens), key=lambda p: p.lens)]
    names = [name] if len(lenses) == 1 else [f"{name} {k}" for k in range(1, len(lenses) + 1)]
    return "\n".join(_section(each, streams) for each, streams in zip(names, lenses, strict=True))


def _section(name: str, profiles: Sequence[Profile]) -> str:
    chosen = suits_best(profiles, lambda profile: (profile.width_px, profile.height_px))
    lines = ["[[camera]]", f"name = {_quoted(name)}", f"source = {_quoted(chosen.url)}  # {_about(chosen)}"]
    lines += [f"# also: {_plain(other.url)}  {_about(other)}" for other in profiles if other is not chosen]
    return "\n".join(lines) + "\n"


def _about(profile: Profile) -> str:
    rate = f", {profile.rate_per_s:g}/s" if profile.rate_per_s else ""
    return _plain(f"{profile.codec} {profile.width_px}×{profile.height_px}{rate}")


def _remark_or_sections(device: Device, name: str) -> str:
    calls_itself = f"# {device.host}:{device.port}" + (f", calls itself {_plain(device.name)}" if device.name else "")
    try:
        return f"{calls_itself}\n{sections(name, read_profiles(device, None, ANSWER_S))}"
    except LostError as error:
        if error.reason != "unauthorised":
            return f"{calls_itself}: {error}\n"
        asked = f"flaneur camera find {device.host}:{device.port} --name {json.dumps(name)}"
        stem = variable_stem(name)
        return f"{calls_itself}: set FLANEUR_{stem}_USER and FLANEUR_{stem}_PASSWORD, then: {asked}\n"


def _quoted(text: str) -> str:
    return json.dumps(_plain(text), ensure_ascii=False)


def _plain(text: str) -> str:
    """One line, whatever a camera has sent."""
    return "".join(character for character in text if character.isprintable())
