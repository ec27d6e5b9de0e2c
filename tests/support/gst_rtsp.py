"""A camera of GStreamer's RTSP server, run by the system's own Python: UDP and TCP, H.264, H.265, MJPEG, passwords.

    python3 gst_rtsp.py PORT FOLDER [basic|digest USER PASSWORD]

`/NAME` is the video FOLDER/NAME.mp4 from its beginning in real time; `/jpeg` is a test picture as MJPEG.
"""

import sys
from pathlib import Path

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtsp", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

PAYLOADERS = {"h264": "h264parse ! rtph264pay", "h265": "h265parse ! rtph265pay"}
PICTURES = "videotestsrc is-live=true ! video/x-raw,format=I420,width=320,height=240,framerate=10/1"
JPEG = f"{PICTURES} ! jpegenc ! rtpjpegpay name=pay0"


def main(port, folder, method=None, user="", password=""):
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(port)
    points = server.get_mount_points()
    points.add_factory("/jpeg", factory(JPEG))
    for path in Path(folder).glob("*.mp4"):
        payloader = PAYLOADERS["h265" if "h265" in path.stem else "h264"]
        pipeline = f"filesrc location={path} ! qtdemux ! {payloader} name=pay0 pt=96"
        points.add_factory(f"/{path.stem}", factory(pipeline))
    if method:
        server.set_auth(auth(method, user, password))
    server.attach(None)
    print("ready", flush=True)  # noqa: T201 - the test waits for it
    GLib.MainLoop().run()


def factory(pipeline):
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(f"( {pipeline} )")
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("user", "media.factory.access", True)
    permissions.add_permission_for_role("user", "media.factory.construct", True)
    made.set_permissions(permissions)
    return made


def auth(method, user, password):
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    made = GstRtspServer.RTSPAuth()
    if method == "digest":
        made.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        made.add_digest(user, password, token)
    else:
        made.add_basic(GstRtspServer.RTSPAuth.make_basic(user, password), token)
    return made


main(*sys.argv[1:])
