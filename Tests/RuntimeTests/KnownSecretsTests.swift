import Testing

@testable import Runtime

struct KnownSecretsTests {
    private let secrets = KnownSecrets()

    @Test func `a secret goes wherever it stands and however it is encoded`() {
        secrets.learn(#"g%he/im "ä"-77"#, user: "admin")
        for text in [
            #"x g%he/im "ä"-77 y"#, "x g%25he%2Fim%20%22%C3%A4%22-77 y", "x g%25he%2fim%20%22%c3%a4%22-77 y",
            "x %67%25%68%65%2F%69%6D%20%22%C3%A4%22%2D%37%37 y", #"x g%he\/im \"ä\"-77 y"#,
            "x YWRtaW46ZyVoZS9pbSAiw6QiLTc3 y",
        ] {
            #expect(secrets.redact(text) == "x *** y")
        }
        #expect(secrets.redact("cannot open admin@host") == "cannot open admin@host")
    }

    @Test func `a short secret goes only where it can be nothing else`() {
        secrets.learn("12345")
        secrets.learn("1")
        #expect(secrets.redact("user:12345@host, 123456 looks, 0.1 s") == "user:***@host, 123456 looks, 0.1 s")
        #expect(secrets.redact("rtsp://admin:1@192.168.1.64:554/1") == "rtsp://admin:***@192.168.1.64:554/1")
        #expect(secrets.redact("the password 12345 was refused") == "the password *** was refused")
    }

    @Test(arguments: ["", "rtsp://", "rtp://"]) func `what an address carries is known without its form`(scheme: String)
    {
        let address = "\(scheme)admin:p%40ss@w/ort@10.0.0.5:554/live?jwt=eyJhbGciOi&channel=1"
        secrets.learn(address: address)
        for text in [address, "could not open \(address)", "p@ss@w/ort", "eyJhbGciOi"] {
            let shown = secrets.redact(text)
            #expect(!shown.contains("ss@w") && !shown.contains("eyJ"), "\(shown)")
        }
        #expect(secrets.redact("10.0.0.5:554/live, channel=1") == "10.0.0.5:554/live, channel=1")
    }

    @Test func `the longer of two secrets goes first, and an empty one is none`() {
        secrets.learn("")
        #expect(secrets.redact("abc") == "abc")
        secrets.learn("password")
        secrets.learn("password-of-yore")
        #expect(secrets.redact("password-of-yore, password") == "***, ***")
    }
}
