import Domain
import Testing

@testable import SiteConfiguration

/// The section `delivery`.
struct DeliverySectionTests {
    private func read(_ delivery: String) throws -> DeliverySettings {
        try Configuration.parse(text: Sample.minimal + "delivery:\n" + delivery, file: "f").delivery
    }

    private func faults(_ webhook: String) -> [String] {
        do {
            _ = try read("  webhooks:\n    - {\(webhook)}\n")
            return []
        } catch let faults as ConfigurationFaults { return faults.faults.map(\.message) } catch { return ["\(error)"] }
    }

    @Test func `without the section the broker's refusals hold and nothing is posted`() throws {
        let delivery = try Configuration.parse(text: Sample.minimal, file: "f").delivery
        #expect(delivery.refusals == .hold && delivery.webhooks.isEmpty)
    }

    @Test func `a webhook has defaults for all but its id and its address`() throws {
        let delivery = try read(
            """
              refusals: skip
              webhooks:
                - {id: desk, url: "https://desk.example.org/a?b=c"}
                - id: police
                  url: http://10.0.0.2:8080/alerts
                  kinds: [parking.motor, vending.*]
                  areas: ["320583", "3205831022"]
            """.replacing(", \"3205831022\"", with: ", \"320583102\"")
                + "\n      header: Authorization\n      header_file: police.token\n      refusals: skip\n      timeout: 5\n      dialect: home_assistant\n"
        )
        #expect(delivery.refusals == .skip)
        let (desk, police) = (delivery.webhooks[0], delivery.webhooks[1])
        #expect(desk.url == "https://desk.example.org/a?b=c" && desk.refusals == .hold && desk.timeout == 20)
        #expect(desk.kinds.isEmpty && desk.areas.isEmpty && desk.header == nil && desk.caFile == nil)
        #expect(police.kinds == ["parking.motor", "vending.*"] && police.areas.map(\.level.rawValue) == [6, 9])
        #expect(police.header == "Authorization" && police.headerFile == "police.token")
        #expect(police.refusals == .skip && police.timeout == 5)
        #expect(desk.dialect == .native && police.dialect == .homeAssistant)
    }

    @Test(arguments: [
        ("url: \"https://h\"", "id is missing"), ("id: a", "url is missing"),
        ("id: broker, url: \"https://h\"", "choose another id"), ("id: a, url: ftp://h/x", "begins with https://"),
        ("id: a, url: \"https://\"", "names a host"),
        ("id: a, url: \"https://u:s3cret@h/\"", "no user and password"),
        ("id: a, url: \"https://h/#x\"", "without a #"),
        ("id: a, url: \"https://h:0/\"", "names a host"), ("id: a, url: \"https://h\", header: X-Key", "go together"),
        ("id: a, url: \"https://h\", header_file: k", "go together"),
        ("id: a, url: \"https://h\", header: \"a b\", header_file: k", "name of a header"),
        ("id: a, url: \"https://h\", header: Host, header_file: k", "name of a header"),
        ("id: a, url: \"https://h\", kinds: [parking.moto]", "did you mean parking.motor"),
        ("id: a, url: \"https://h\", kinds: [none.*]", "there is no kind"),
        ("id: a, url: \"https://h\", areas: [\"32058\"]", "2, 4, 6, 9 or 12 digits"),
        ("id: a, url: \"https://h\", refusals: drop", "one of hold"),
        ("id: a, url: \"https://h\", dialect: onvif", "one of native"),
        ("id: a, url: \"https://h\", timeout: 0", "from 1 to 120"), ("id: a, url: \"https://h\", link: b", "no key"),
    ])
    func `what is wrong with a webhook is said`(webhook: String, expected: String) {
        let faults = faults(webhook)
        #expect(faults.contains { $0.contains(expected) }, "\(faults)")
        // An address may hold a secret.
        #expect(!faults.contains { $0.contains("s3cret") })
    }

    @Test func `two webhooks of one id are one too many`() {
        #expect(throws: ConfigurationFaults.self) {
            _ = try read("  webhooks: [{id: a, url: \"http://h\"}, {id: a, url: \"http://h/2\"}]\n")
        }
    }
}
