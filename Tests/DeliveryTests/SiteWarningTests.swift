import Testing

@testable import Delivery
@testable import Runtime

struct SiteWarningTests {
    @Test func `a warning of the site repeats no password`() {
        let secrets = KnownSecrets()
        secrets.learn("geheim-7788")
        let warnings = SiteWarnings(secrets: secrets)
        #expect(warnings.set("cannot write /srv/geheim-7788/outbox.sqlite", for: "disk"))
        #expect(warnings.texts == ["cannot write /srv/***/outbox.sqlite"])
        #expect(!warnings.set("cannot write /srv/geheim-7788/outbox.sqlite", for: "disk"))
    }
}
