"""Reads from an ONVIF camera which streams it offers (Media service, ver10)."""

import asyncio
import logging
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit, urlunsplit

from flaneur.data.live import Reason
from flaneur.source.discovery import Device
from flaneur.source.live_opening import LostError
from flaneur.source.secrets import Credentials

LIKELY_LOGIN_ERRORS = ("not authorized", "notauthorized", "unauthorized", "401", "authentication", "sender not")


@dataclass(frozen=True, slots=True)
class Profile:
    """One stream of a camera."""

    lens: str
    """Which of the camera's pictures it shows; some have several lenses."""
    codec: str
    width_px: int
    height_px: int
    rate_per_s: float | None
    url: str
    """Without user and password."""


def read_profiles(device: Device, credentials: Credentials | None, within_s: float) -> list[Profile]:
    """The camera's streams. LostError when it does not tell them in time."""
    failure: LostError | None = None
    try:
        return asyncio.run(_read(device, credentials, within_s))
    except TimeoutError:
        failure = _lost("silent", device, "does not answer as an ONVIF camera")
    except Exception as error:  # noqa: BLE001 - the library hands on what four others raise, some with the request
        failure = _failure(device, error)
    raise failure


async def _read(device: Device, credentials: Credentials | None, within_s: float) -> list[Profile]:
    # takes a second, and sets logging up as it likes
    from onvif import ONVIFCamera  # type: ignore[import-untyped]

    logging.getLogger("onvif").setLevel(logging.CRITICAL)
    user, password = (credentials.user, credentials.password) if credentials else ("", "")  # the library takes no None
    # nat_override: whatever addresses the device names, requests with our login go nowhere but to this one
    camera = ONVIFCamera(device.host, device.port, user, password, no_cache=True, adjust_time=True, nat_override=True)
    try:
        async with asyncio.timeout(within_s):
            await camera.update_xaddrs()
            media = await camera.create_media_service()
            return [
                _profile(device, profile, await media.GetStreamUri(_wanted(profile.token)))
                for profile in await media.GetProfiles()
                if profile.VideoEncoderConfiguration is not None
            ]
    finally:
        await camera.close()


def _wanted(token: str) -> dict[str, Any]:
    return {"StreamSetup": {"Stream": "RTP-Unicast", "Transport": {"Protocol": "RTSP"}}, "ProfileToken": token}


def _profile(device: Device, profile: Any, uri: Any) -> Profile:
    encoder, lens = profile.VideoEncoderConfiguration, profile.VideoSourceConfiguration
    rate = encoder.RateControl.FrameRateLimit if encoder.RateControl is not None else None
    return Profile(
        lens=str(lens.SourceToken) if lens is not None else "",
        codec=str(encoder.Encoding),
        width_px=int(encoder.Resolution.Width),
        height_px=int(encoder.Resolution.Height),
        rate_per_s=float(rate) if rate else None,
        url=_at(device, str(uri.Uri).strip()),
    )


def _at(device: Device, url: str) -> str:
    """The stream's address on the host that was asked: behind a router, or by malice, cameras name another one."""
    parts = urlsplit(url)
    host = f"[{device.host}]" if ":" in device.host else device.host
    port = f":{parts.port}" if parts.port else ""
    return urlunsplit((parts.scheme, host + port, parts.path, parts.query, ""))


def _failure(device: Device, error: BaseException) -> LostError:
    """What to say of an error whose own words may hold the request, and so the login."""
    said = " ".join(_words(error)).lower()
    if any(word in said for word in LIKELY_LOGIN_ERRORS):
        return _lost("unauthorised", device, "asks for another user and password")
    if isinstance(error, OSError):
        return _lost("unreachable", device, "cannot be reached")
    return _lost("garbage", device, "does not answer as an ONVIF camera")


def _words(error: BaseException | None) -> Iterator[str]:
    while error is not None:
        yield f"{type(error).__name__} {error}"
        error = error.__cause__ or error.__context__


def _lost(reason: Reason, device: Device, what: str) -> LostError:
    return LostError(reason, f"{device.host}:{device.port} {what}.")
