#!/usr/bin/python3
"""An RTSP camera on the loopback with the habits of real ones, for tests.

    quirky_camera.py HABITS

HABITS is a JSON object; the defaults stand in `Habits`. Prints its port on one line once it accepts connections, writes each
request as a line of JSON to `log`, and ends with the process that started it. Needs nothing but Python.
"""

import base64
import hashlib
import json
import os
import re
import select
import random
import socket
import ssl
import struct
import sys
import threading
import time


class Habits:
    clip = ""  # H.264 as a byte stream, one slice a picture; empty: nothing is sent
    fps = 10.0
    log = "/dev/null"
    port = 0
    path = "/stream"
    user = ""
    password = ""
    challenges = []  # of "basic", "md5", "md5 qop", "md5-sess", "sha256", "sha256-sess", "unknown", in their order
    one_header = False  # all challenges in one header
    nonce_uses = 0  # after so many requests a nonce is stale; 0: never
    says_stale = True
    forbidden = False  # right credentials are answered by 403
    hangs_up_after_401 = False
    media = ["h264"]  # of "h264", "svac", "jpeg", "vp8", "srtp"; the track of "h264" sends the clip
    base = "own"  # Content-Base: "own", "none" or a text
    base_header = "Content-Base"
    session_control = "*"
    control = "track{}"  # of each track, with its number
    prefix = []  # lines of the description before the first video
    names = "H264/90000"  # what the description calls the track of "h264"
    parameters = True  # the description has the parameters of the codec; or a text that stands in their place
    lower_case = False  # names of headers in small letters
    session = "abc;timeout={}"
    setup_transport = ""  # in place of the transport that was asked for
    channel = 0  # over TCP, packets come there
    certificate = ""  # of RTSP over TLS, with its key
    key = ""
    statuses = {}  # by method, and by "SETUP tcp" and "SETUP udp"
    get_parameter = "answer"  # or "hang up", "refuse", "silent"
    places = 0  # sessions at a time that TEARDOWN gives back; 0: any number
    timeout = 60
    pause_after = 0.0  # seconds after which the first session goes silent for ever, once
    mute = []  # "tcp", "udp": plays and sends nothing over it
    report_every = 0.0  # seconds between sender reports
    report_ntp = "right"  # or "zero", "random", "uptime"
    report_rtp = "right"  # or "zero"
    lose_every = 0  # over UDP one packet in so many is lost
    lose_share = 0.0  # over UDP this share of the packets is lost, always the same ones
    lose_from = 0.0  # seconds of the stream
    lose_until = 1e9
    wide_jpeg = False  # sends MJPEG whose size RTP cannot state
    garbage = 0  # bytes that are no RTSP between packets, one time in ten
    redirect = ""
    redirect_status = 302


def relay(secured, inner):
    """Between a TLS connection, which one thread only may use, and a plain one."""
    try:
        while True:
            ready = [secured] if secured.pending() else select.select([secured, inner], [], [])[0]
            for one in ready:
                data = one.recv(65536)
                if not data:
                    return
                (inner if one is secured else secured).sendall(data)
    except OSError:
        pass
    finally:
        secured.close()
        inner.close()


def access_units(data):
    """Lists of NAL units; each list ends with its one slice."""
    starts = [m.end() for m in re.finditer(b"\x00\x00\x01", data)]
    units, unit = [], []
    for n, start in enumerate(starts):
        end = starts[n + 1] - 3 if n + 1 < len(starts) else len(data)
        nal = data[start:end].rstrip(b"\x00")
        if nal and nal[0] & 31 != 9:
            unit.append(nal)
            if nal[0] & 31 in (1, 5):
                units.append(unit)
                unit = []
    return units


def payloads(nal, limit=1400):
    """RFC 6184: single units and fragments."""
    if len(nal) <= limit:
        return [nal]
    parts = [nal[1:][i:i + limit] for i in range(0, len(nal) - 1, limit)]
    flags = lambda n: (0x80 if n == 0 else 0) | (0x40 if n == len(parts) - 1 else 0)
    return [bytes([nal[0] & 0xE0 | 28, nal[0] & 31 | flags(n)]) + part for n, part in enumerate(parts)]


class Camera:
    def __init__(self, habits):
        self.habits = habits
        self.units = access_units(open(habits.clip, "rb").read()) if habits.clip else []
        self.lock = threading.Lock()
        self.held = set()
        self.nonce, self.uses, self.nonces = "n-1", 0, 1
        self.has_paused = False
        self.start = time.time()
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        self.listener.bind(("127.0.0.1", habits.port))
        self.listener.listen(64)
        self.port = self.listener.getsockname()[1]
        self.log = open(habits.log, "a", buffering=1)

    def note(self, **what):
        with self.lock:
            self.log.write(json.dumps(dict(what, at=round(time.time() - self.start, 3))) + "\n")

    def run(self):
        number = 0
        while True:
            connection, _ = self.listener.accept()
            number += 1
            threading.Thread(target=self.serve, args=(connection, number), daemon=True).start()

    def serve(self, connection, number):
        if self.habits.certificate:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(self.habits.certificate, self.habits.key)
            try:
                secured = context.wrap_socket(connection, server_side=True)
            except OSError:
                return self.note(connection=number, method="no TLS", uri="", headers={})
            connection, inner = socket.socketpair()
            threading.Thread(target=relay, args=(secured, inner), daemon=True).start()
        return Client(self, connection, number).run()

    def description(self):
        lines = ["v=0", "o=- 1 1 IN IP4 127.0.0.1", "s=camera", "c=IN IP4 0.0.0.0", "t=0 0"]
        lines += [f"a=control:{self.habits.session_control}"] if self.habits.session_control else []
        lines += self.habits.prefix
        for number, kind in enumerate(self.habits.media):
            control = "a=control:" + self.habits.control.format(number)
            if kind == "h264":
                sets = [nal for unit in self.units[:1] for nal in unit if nal[0] & 31 in (7, 8)]
                sprop = ",".join(base64.b64encode(nal).decode() for nal in sets)
                fmtp = f"96 packetization-mode=1;sprop-parameter-sets={sprop}"
                if isinstance(self.habits.parameters, str):
                    fmtp = self.habits.parameters
                lines += ["m=video 0 RTP/AVP 96", f"a=rtpmap:96 {self.habits.names}"]
                lines += ([f"a=fmtp:{fmtp}"] if self.habits.parameters else []) + [control]
            elif kind == "jpeg":
                lines += ["m=video 0 RTP/AVP 26", control]
            elif kind == "srtp":
                lines += ["m=video 0 RTP/SAVP 96", "a=rtpmap:96 H264/90000", control]
            else:
                lines += ["m=video 0 RTP/AVP 98", f"a=rtpmap:98 {kind.upper()}/90000", control]
        return "".join(line + "\r\n" for line in lines).encode()

    def challenges(self, stale):
        def one(kind):
            realm = 'realm="a, \\"quoted\\" realm"'
            if kind == "basic":
                return f"Basic {realm}"
            name = {"sha256": "SHA-256", "sha256-sess": "SHA-256-sess", "md5-sess": "MD5-sess", "unknown": "SHA-3"}
            algorithm = name.get(kind, "MD5")
            qop = ', qop="auth,auth-int"' if kind == "md5 qop" or kind.endswith("-sess") else ""
            fresh = ', stale=true' if stale and self.habits.says_stale else ""
            return f'Digest {realm}, nonce="{self.nonce}", algorithm={algorithm}{qop}, opaque="o=1,2"{fresh}'
        offers = [one(kind) for kind in self.habits.challenges]
        return [", ".join(offers)] if self.habits.one_header else offers

    def judge(self, method, header):
        """None where the credentials are right, else whether only the nonce is stale."""
        h = self.habits
        if header.startswith("Basic "):
            right = f"{h.user}:{h.password}" == base64.b64decode(header[6:]).decode()
            return None if right and "basic" in h.challenges else False
        fields = {k.lower(): (q or w).replace('\\"', '"') for k, q, w in
                  re.findall(r'(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^",\s]+))', header)}
        algorithm = fields.get("algorithm", "MD5").lower()
        kind = algorithm.replace("sha-256", "sha256")
        if not any(c.split(" ")[0] == kind for c in h.challenges):
            return False
        digest = lambda text: (hashlib.sha256 if "sha256" in kind else hashlib.md5)(text.encode()).hexdigest()
        secret = digest(f'{h.user}:{fields.get("realm")}:{h.password}')
        if kind.endswith("-sess"):
            secret = digest(f'{secret}:{fields["nonce"]}:{fields["cnonce"]}')
        question = digest(f'{method}:{fields.get("uri")}')
        middle = f':{fields.get("nc")}:{fields.get("cnonce")}:{fields["qop"]}' if "qop" in fields else ""
        right = fields.get("response") == digest(f'{secret}:{fields.get("nonce")}{middle}:{question}')
        if not right or fields.get("username") != h.user:
            return False
        self.uses += 1
        if fields["nonce"] != self.nonce or h.nonce_uses and self.uses > h.nonce_uses:
            self.nonces, self.uses = self.nonces + 1, 0
            self.nonce = f"n-{self.nonces}"
            return True
        return None


class Client:
    def __init__(self, camera, connection, number):
        self.camera, self.connection, self.number = camera, connection, number
        self.habits = camera.habits
        self.sending = threading.Lock()
        self.is_alive, self.udp, self.sequence, self.is_playing = True, None, 65500, False

    def send(self, data):
        with self.sending:
            self.connection.sendall(data)

    def answer(self, code, cseq, headers=(), body=b""):
        headers = [f"CSeq: {cseq}", *headers] + ([f"Content-Length: {len(body)}"] if body else [])
        if self.habits.lower_case:
            headers = [name.lower() + colon + value for name, colon, value in (h.partition(":") for h in headers)]
        lines = [f"RTSP/1.0 {code} Whatever The Camera Says", *headers]
        self.send(("\r\n".join(lines) + "\r\n\r\n").encode() + body)

    def hang_up(self):
        self.is_alive = False
        try:
            self.connection.shutdown(socket.SHUT_RDWR)
        except OSError:
            pass

    def run(self):
        data = b""
        try:
            while self.is_alive:
                part = self.connection.recv(65536)
                if not part:
                    break
                data += part
                while b"\r\n\r\n" in data:
                    head, data = data.split(b"\r\n\r\n", 1)
                    lines = head.decode().split("\r\n")
                    headers = {k.strip().lower(): v.strip() for k, _, v in (l.partition(":") for l in lines[1:])}
                    method, uri = lines[0].split(" ")[:2]
                    self.camera.note(connection=self.number, method=method, uri=uri, headers=headers)
                    self.take(method, uri, headers)
        except (OSError, ValueError):
            pass
        self.is_alive = False
        self.camera.note(connection=self.number, method="gone", uri="", headers={})
        self.connection.close()

    def take(self, method, uri, headers):
        h, cseq = self.habits, headers.get("cseq", "0")
        if h.redirect and method == "DESCRIBE":
            where = h.redirect.replace("PORT", str(self.camera.port))
            if uri != where:
                return self.answer(h.redirect_status, cseq, [f"Location: {where}"])
        if h.challenges and not (method == "OPTIONS" and not self.is_playing):
            with self.camera.lock:
                stale = self.camera.judge(method, headers["authorization"]) if "authorization" in headers else False
                offers = self.camera.challenges(stale)
            if stale is not None:
                self.answer(401, cseq, [f"WWW-Authenticate: {offer}" for offer in offers])
                if h.hangs_up_after_401:
                    self.hang_up()
                return None
            if h.forbidden:
                return self.answer(403, cseq)
        transport = headers.get("transport", "")
        name = f"SETUP {'tcp' if 'TCP' in transport else 'udp'}" if method == "SETUP" else method
        if name in h.statuses:
            return self.answer(h.statuses[name], cseq)
        if method == "DESCRIBE":
            scheme = "rtsps" if h.certificate else "rtsp"
            base = {"own": f"{scheme}://127.0.0.1:{self.camera.port}{h.path}/", "none": ""}.get(h.base, h.base)
            return self.answer(200, cseq, [f"{h.base_header}: {base}"] if base else [], self.camera.description())
        if method == "SETUP":
            if h.places:
                if len(self.camera.held) >= h.places:
                    return self.answer(453, cseq)
                self.camera.held.add(self.number)
            self.kind = h.media[int(re.search(r"track(\d+)", uri).group(1))] if "track" in uri else "h264"
            ports = re.search(r"client_port=(\d+)", transport)
            if ports:
                self.udp = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
                self.udp.bind(("127.0.0.1", 0))
                self.udp.connect(("127.0.0.1", int(ports.group(1))))
                transport += f";server_port={self.udp.getsockname()[1]}"
            transport = h.setup_transport or transport
            return self.answer(200, cseq, [f"Session: {h.session.format(h.timeout)}", f"Transport: {transport}"])
        if method == "PLAY":
            self.answer(200, cseq, ["Session: " + h.session.split(";")[0]])
            self.is_playing = True
            if ("udp" if self.udp else "tcp") not in h.mute:
                threading.Thread(target=self.play, daemon=True).start()
            return None
        if method == "TEARDOWN":
            self.camera.held.discard(self.number)
            self.answer(200, cseq)
            return self.hang_up()
        if method == "GET_PARAMETER" and h.get_parameter != "answer":
            if h.get_parameter == "hang up":
                self.hang_up()
            elif h.get_parameter == "refuse":
                self.answer(405, cseq)
            return None
        if method == "OPTIONS" and self.is_playing and "OPTIONS while playing" in h.statuses:
            return self.answer(h.statuses["OPTIONS while playing"], cseq)
        can = "OPTIONS, DESCRIBE, SETUP, PLAY, TEARDOWN, GET_PARAMETER"
        return self.answer(200, cseq, [f"Public: {can}"] if method == "OPTIONS" else [])

    def packet(self, payload, stamp, mark, kind=96):
        self.sequence = (self.sequence + 1) & 0xFFFF
        data = struct.pack(">BBHII", 0x80, kind | (0x80 if mark else 0), self.sequence, stamp & 0xFFFFFFFF, 7) + payload
        if not self.udp:
            return self.send(b"$" + bytes([self.habits.channel]) + struct.pack(">H", len(data)) + data)
        h = self.habits
        is_lost = h.lose_from <= self.seconds < h.lose_until and self.chance.random() < h.lose_share
        if not is_lost and (not h.lose_every or self.sequence % h.lose_every):
            try:
                self.udp.send(data)
            except ConnectionRefusedError:
                pass
        return None

    def report(self, stamp):
        h, now = self.habits, time.time()
        ntp = {"right": now + 2208988800, "zero": 0, "uptime": now - self.camera.start + 100,
               "random": int.from_bytes(os.urandom(4), "big")}[h.report_ntp]
        rtp = stamp if h.report_rtp == "right" else 0
        data = struct.pack(">BBHIIIIII", 0x80, 200, 6, 7, int(ntp), int(ntp % 1 * 2**32), rtp & 0xFFFFFFFF, 1, 1)
        if not self.udp:
            self.send(b"$\x01" + struct.pack(">H", len(data)) + data)

    def play(self):
        h, begin, next_report, n = self.habits, time.time(), 0.0, 0
        try:
            self.chance = random.Random(7)
            while self.is_alive and (self.kind == "jpeg" and h.wide_jpeg or self.camera.units):
                seconds = self.seconds = n / h.fps
                if h.pause_after and seconds >= h.pause_after and not self.camera.has_paused:
                    self.camera.has_paused = True
                    return
                stamp = 0xFFFE0000 + int(seconds * 90000)
                if h.report_every and seconds >= next_report:
                    self.report(stamp)
                    next_report += h.report_every
                if self.kind == "jpeg":
                    if h.wide_jpeg:
                        self.packet(bytes([0, 0, 0, 0, 1, 50, 0, 0]) + bytes(100), stamp, True, kind=26)
                elif self.kind == "h264":
                    unit = self.camera.units[n % len(self.camera.units)]
                    parts = [part for nal in unit for part in payloads(nal)]
                    for place, part in enumerate(parts):
                        self.packet(part, stamp, place == len(parts) - 1)
                    if h.garbage and n % 10 == 5 and not self.udp:
                        self.send((b"$ nothing that Anybody knows\n" * (h.garbage // 29 + 1))[:h.garbage])
                n += 1
                time.sleep(max(0.0, begin + n / h.fps - time.time()))
        except OSError:
            self.is_alive = False


def main():
    habits = Habits()
    for key, value in json.loads(sys.argv[1]).items():
        assert hasattr(habits, key), key
        setattr(habits, key, value)
    parent = os.getppid()
    camera = Camera(habits)
    threading.Thread(target=camera.run, daemon=True).start()
    print(camera.port, flush=True)
    while os.getppid() == parent:
        time.sleep(0.5)


if __name__ == "__main__":
    main()
