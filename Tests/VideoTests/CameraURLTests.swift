import Testing

@testable import Video

@Suite struct CameraURLTests {
    @Test(arguments: [
        ("rtsp://10.0.0.1/s", "rtsp://10.0.0.1/s"),
        ("rtsp://10.0.0.1:8554/Streaming/Channels/101", "rtsp://10.0.0.1:8554/Streaming/Channels/101"),
        ("rtsp://u:p@10.0.0.1:8554/s", "rtsp://***@10.0.0.1:8554/s"),
        ("rtsp://u:p@w@10.0.0.1/s", "rtsp://***@10.0.0.1/s"),
        ("rtsp://u:p'w\"x@10.0.0.1/s", "rtsp://***@10.0.0.1/s"),
        (
            "rtsps://10.0.0.1/user=admin&password=ab,cd;e&channel=1",
            "rtsps://10.0.0.1/user=***&password=***&channel=***"
        ),
        ("rtsp://10.0.0.1/user=admin_password=abc_channel=1/x", "rtsp://10.0.0.1/user=***/x"),
        ("rtsp://10.0.0.1/s?jwt=abc", "rtsp://10.0.0.1/s?***"),
        ("rtsp://10.0.0.1?pw=abc@d", "rtsp://10.0.0.1?***"),
        ("rtsp://host/user=admin_password=secret_ch=1.sdp", "rtsp://host/user=***"),
        ("rtsps://user@host:554/a", "rtsps://***@host:554/a"),
        ("/srv/clip=1@home.mp4", "/srv/clip=1@home.mp4"),
    ])
    func `an address prints nothing that may be secret`(url: String, shown: String) {
        #expect(CameraURL(url).description == shown)
        #expect(CameraURL.redact("could not open '\(url)' at once").hasPrefix("could not open '\(shown)"))
        var dumped = ""
        dump(CameraURL(url), to: &dumped)
        #expect(dumped.contains(shown))
    }

    @Test func `the rest of a line stays when addresses in it are redacted`() {
        let line = "rtsp: fps=25 from rtsp://u:p@h/a and rtsp://u:q@h/b?x=1 lost=3"
        #expect(CameraURL.redact(line) == "rtsp: fps=25 from rtsp://***@h/a and rtsp://***@h/b?*** lost=3")
    }

    @Test func `credentials from a file are used and not shown`() {
        let url = CameraURL("rtsp://host/s", user: "me", password: "p@ss/w")
        #expect(url.login == .init(user: "me", password: "p@ss/w"))
        var dumped = ""
        dump(url, to: &dumped)
        for text in ["\(url)", String(reflecting: url), "\([url])", dumped] {
            #expect(text.contains("rtsp://***@host/s"))
            #expect(!text.contains("p@ss") && !text.contains("p%40ss"))
        }
    }
}
