#!/usr/bin/python3
"""Serves the video of a file as a camera would: RTSP on the loopback, paced in real time.

    rtsp_server.py CLIP [--port N] [--path /stream] [--loop] [--shared] [--user NAME --password WORD [--digest]]

Prints its URL on one line once it accepts connections, and serves until it is ended. H.264 and H.265 in any container
that GStreamer parses. Each client sees the clip from its start, unless --shared is given: then all see one stream,
as at a real camera, and a client that comes late waits for the next key frame. With --loop the timestamps go on where
the clip turns: clients see one endless stream. Without it they see its end.

Needs Debian's python3-gi, gir1.2-gst-rtsp-server-1.0 and gstreamer1.0-plugins-{base,good,bad}.
"""

import argparse
import os
import signal
import sys

try:
    import gi

    gi.require_version("Gst", "1.0")
    gi.require_version("GstApp", "1.0")
    gi.require_version("GstRtsp", "1.0")
    gi.require_version("GstRtspServer", "1.0")
    from gi.repository import GLib, Gst, GstApp, GstRtsp, GstRtspServer
except (ImportError, ValueError) as error:
    sys.exit(f"rtsp_server: {error}; run 'make deps', and start this with /usr/bin/python3")

CODECS = {"video/x-h264": "h264", "video/x-h265": "h265"}


class Clip:
    """The access units of a file, in memory."""

    def __init__(self, path):
        self.codec = None
        self.units = []  # (bytes, pts, dts, is a delta)
        self._read(path)
        if not self.units:
            sys.exit(f"rtsp_server: {path} holds no H.264 or H.265 video; convert it with ffmpeg -c:v libx264")
        times = sorted(pts for _, pts, _, _ in self.units)
        step = (times[-1] - times[0]) // max(1, len(times) - 1) or Gst.SECOND // 25
        self.start = min(dts for _, _, dts, _ in self.units)
        self.length = times[-1] - times[0] + step

    def _read(self, path):
        pipeline = Gst.Pipeline()
        source, parse = Gst.ElementFactory.make("filesrc"), Gst.ElementFactory.make("parsebin")
        if not source or not parse:
            sys.exit("rtsp_server: GStreamer's filesrc or parsebin is missing; run 'make deps'")
        source.set_property("location", path)
        pipeline.add(source)
        pipeline.add(parse)
        source.link(parse)
        sinks = []

        def added(_, pad):
            codec = CODECS.get((pad.get_current_caps() or pad.query_caps(None)).get_structure(0).get_name())
            if self.codec or not codec:
                rest = Gst.parse_bin_from_description("fakesink sync=false", True)
            else:
                self.codec = codec
                rest = Gst.parse_bin_from_description(
                    f"{codec}parse ! video/x-{codec},stream-format=byte-stream,alignment=au"
                    " ! appsink name=units sync=false", True)
            pipeline.add(rest)
            rest.sync_state_with_parent()
            pad.link(rest.get_static_pad("sink"))
            # Not before: an appsink that has not started says that it is at its end.
            if units := rest.get_by_name("units"):
                sinks.append(units)

        parse.connect("pad-added", added)
        pipeline.set_state(Gst.State.PLAYING)
        bus, fault = pipeline.get_bus(), None
        while fault is None:
            message = bus.timed_pop_filtered(20 * Gst.MSECOND, Gst.MessageType.ERROR | Gst.MessageType.EOS)
            if message and message.type == Gst.MessageType.ERROR:
                fault = message.parse_error()[0].message
            while sinks and (sample := sinks[0].try_pull_sample(0)):
                self._take(sample.get_buffer())
            if message and message.type == Gst.MessageType.EOS:
                break
            if sinks and sinks[0].is_eos():
                break
        pipeline.set_state(Gst.State.NULL)
        if fault:
            sys.exit(f"rtsp_server: could not read {path}: {fault}")

    def _take(self, buffer):
        pts = buffer.pts if buffer.pts != Gst.CLOCK_TIME_NONE else buffer.dts
        dts = buffer.dts if buffer.dts != Gst.CLOCK_TIME_NONE else pts
        if pts != Gst.CLOCK_TIME_NONE:
            data = GLib.Bytes.new(buffer.extract_dup(0, buffer.get_size()))
            self.units.append((data, pts, dts, buffer.has_flags(Gst.BufferFlags.DELTA_UNIT)))


class Player:
    """Feeds one pipeline from the clip. The sink's clock paces it."""

    def __init__(self, clip, source, loop):
        self.clip, self.loop, self.next, self.turn = clip, loop, 0, 0
        source.connect("need-data", self.push)

    def push(self, source, _):
        if self.next == len(self.clip.units):
            if not self.loop:
                source.emit("end-of-stream")
                return
            self.next, self.turn = 0, self.turn + 1
        data, pts, dts, is_delta = self.clip.units[self.next]
        self.next += 1
        offset = self.turn * self.clip.length - self.clip.start
        buffer = Gst.Buffer.new_wrapped_bytes(data)
        buffer.pts, buffer.dts = pts + offset, dts + offset
        if is_delta:
            buffer.set_flags(Gst.BufferFlags.DELTA_UNIT)
        source.emit("push-buffer", buffer)


class Factory(GstRtspServer.RTSPMediaFactory):
    def __init__(self, clip, loop, shared):
        super().__init__()
        self.clip, self.loop = clip, loop
        self.set_shared(shared)
        self.set_launch(
            "( appsrc name=units format=time max-bytes=1048576"
            f" caps=video/x-{clip.codec},stream-format=byte-stream,alignment=au"
            f" ! {clip.codec}parse ! rtp{clip.codec}pay name=pay0 pt=96 config-interval=-1 )")

    def do_configure(self, media):
        GstRtspServer.RTSPMediaFactory.do_configure(self, media)
        source = media.get_element().get_by_name("units")
        media.player = Player(self.clip, source, self.loop)


def protect(server, factory, args):
    """Asks for a name and a password, as most cameras do."""
    token = GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "viewer")
    auth = GstRtspServer.RTSPAuth()
    if args.digest:
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        auth.add_digest(args.user, args.password, token)
    else:
        auth.add_basic(GstRtspServer.RTSPAuth.make_basic(args.user, args.password), token)
    server.set_auth(auth)
    permissions = GstRtspServer.RTSPPermissions()
    permissions.add_permission_for_role("viewer", "media.factory.access", True)
    permissions.add_permission_for_role("viewer", "media.factory.construct", True)
    factory.set_permissions(permissions)


def main():
    parser = argparse.ArgumentParser(description="Serves a clip over RTSP on the loopback")
    parser.add_argument("clip")
    parser.add_argument("--port", type=int, default=0, help="0 (the default): a free one")
    parser.add_argument("--path", default="/stream")
    parser.add_argument("--loop", action="store_true", help="never end")
    parser.add_argument("--shared", action="store_true", help="one stream for all clients")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--digest", action="store_true", help="digest in place of basic authentication")
    parser.add_argument("--exit-with-parent", action="store_true", help="end when the process that started this ends")
    args = parser.parse_args()
    signal.pthread_sigmask(signal.SIG_SETMASK, [])  # a parent may have left SIGTERM blocked
    parent = os.getppid()

    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(str(args.port))
    factory = Factory(Clip(args.clip), args.loop, args.shared)
    if args.user:
        protect(server, factory, args)
    server.get_mount_points().add_factory(args.path, factory)
    if not server.attach(None):
        sys.exit(f"rtsp_server: could not listen on 127.0.0.1:{args.port}; choose another --port, or 0 for a free one")
    print(f"rtsp://127.0.0.1:{server.get_bound_port()}{args.path}", flush=True)

    loop = GLib.MainLoop()

    def tidy():
        server.get_session_pool().cleanup()
        if args.exit_with_parent and os.getppid() != parent:
            loop.quit()
        return True

    GLib.timeout_add_seconds(1, tidy)
    for number in (signal.SIGTERM, signal.SIGINT):
        GLib.unix_signal_add(GLib.PRIORITY_DEFAULT, number, loop.quit)
    loop.run()


if __name__ == "__main__":
    main()
