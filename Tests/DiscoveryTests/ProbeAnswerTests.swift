import Foundation
import Testing

@testable import Discovery

/// What may come for an answer.
@Suite struct ProbeAnswerTests {
    static let question = UUID()

    /// As a camera answers; `scopes` stand in it as they are.
    static func answer(
        to question: UUID = question, types: String = "dn:NetworkVideoTransmitter tds:Device", scopes: String = "",
        id: String = "urn:uuid:11111111-2222-3333-4444-555555555555", head: String = "", action: String = "ProbeMatches"
    ) -> String {
        """
        \(head)<SOAP-ENV:Envelope xmlns:SOAP-ENV="http://www.w3.org/2003/05/soap-envelope" \
        xmlns:wsa="http://schemas.xmlsoap.org/ws/2004/08/addressing" \
        xmlns:d="http://schemas.xmlsoap.org/ws/2005/04/discovery" xmlns:dn="http://www.onvif.org/ver10/network/wsdl" \
        xmlns:tds="http://www.onvif.org/ver10/device/wsdl"><SOAP-ENV:Header>\
        <wsa:RelatesTo>urn:uuid:\(question.uuidString.lowercased())</wsa:RelatesTo></SOAP-ENV:Header><SOAP-ENV:Body>\
        <d:\(action)><d:ProbeMatch><wsa:EndpointReference><wsa:Address>\(id)</wsa:Address></wsa:EndpointReference>\
        <d:Types>\(types)</d:Types><d:Scopes>\(scopes)</d:Scopes>\
        <d:XAddrs>http://10.9.9.9/onvif/device_service</d:XAddrs><d:MetadataVersion>1</d:MetadataVersion>\
        </d:ProbeMatch></d:\(action)></SOAP-ENV:Body></SOAP-ENV:Envelope>
        """
    }

    private func read(_ text: String) -> [ProbeAnswer.Match]? {
        ProbeAnswer(Array(text.utf8), to: Self.question)?.matches
    }

    @Test func `name, hardware and place are read from the scopes`() throws {
        let scopes = """
            onvif://www.onvif.org/type/video_encoder onvif://www.onvif.org/name/%E4%B8%9C%E9%97%A8%20%31
              onvif://www.onvif.org/hardware/DS-2CD onvif://www.onvif.org/location/country/china \
            onvif://www.onvif.org/name/second http://example.com/name/other
            """
        let match = try #require(read(Self.answer(scopes: scopes))?.first)
        #expect(match.name == "东门 1" && match.hardware == "DS-2CD" && match.location == "country/china")
        #expect(match.id == "urn:uuid:11111111-2222-3333-4444-555555555555")
        #expect(read(Self.answer(head: "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\r\n"))?.count == 1)
        #expect(read(Self.answer(head: "\u{FEFF}"))?.count == 1)
    }

    @Test func `what answers another question, or is no camera, is no answer`() {
        #expect(read(Self.answer(to: UUID())) == nil)
        #expect(read(Self.answer(types: "d:Printer")) == nil)
        #expect(read(Self.answer(types: "")) == nil)
        #expect(read(Self.answer(action: "ResolveMatches")) == nil)
        #expect(read("") == nil && read("<") == nil && read("<a/>") == nil && read("hello") == nil)
        // Cut off at any place.
        let whole = Self.answer()
        for length in stride(from: 0, to: whole.utf8.count - 1, by: 7) {
            #expect(ProbeAnswer(Array(whole.utf8.prefix(length)), to: Self.question) == nil, "\(length)")
        }
    }

    @Test func `entities are not expanded, and a document that declares any is refused`() {
        let bomb = """
            <!DOCTYPE e [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;&a;&a;&a;&a;"><!ENTITY c "&b;&b;&b;&b;">]>
            """
        let outside = "<!DOCTYPE e [<!ENTITY x SYSTEM \"file:///etc/hostname\">]>"
        for head in [
            bomb, outside, "<!DOCTYPE e SYSTEM \"http://127.0.0.1:9/e.dtd\">", "<?xml version=\"1.0\"?>\(bomb)",
        ] {
            #expect(read(Self.answer(scopes: "onvif://www.onvif.org/name/&c;&x;", head: head)) == nil)
        }
        #expect(read(Self.answer(scopes: "onvif://www.onvif.org/name/&x;")) == nil)
        #expect(read(Self.answer(scopes: "onvif://www.onvif.org/name/a&amp;b"))?.first?.name == "a&b")
    }

    @Test func `other encodings than UTF-8 are refused, whatever the document says of itself`() {
        let text = Self.answer(head: "<?xml version=\"1.0\" encoding=\"UTF-16\"?>")
        // It is UTF-8 all the same.
        #expect(read(text)?.count == 1)
        #expect(ProbeAnswer(text.utf16.flatMap { [UInt8($0 >> 8), UInt8($0 & 255)] }, to: Self.question) == nil)
        #expect(ProbeAnswer(Array(text.utf8) + [0xFF], to: Self.question) == nil)
        #expect(ProbeAnswer(Array(text.utf8) + [0], to: Self.question) == nil)
        let hidden = "<?xml version=\"1.0\" encoding=\"UTF-7\"?>+ADwAIQ-DOCTYPE e+AD4-"
        #expect(read(Self.answer(head: hidden)) == nil)
    }

    @Test func `sizes, depths and numbers have an end`() throws {
        #expect(read(Self.answer(scopes: String(repeating: "x", count: ProbeAnswer.mostBytes))) == nil)
        let deep = String(repeating: "<a>", count: 40) + String(repeating: "</a>", count: 40)
        #expect(read(Self.answer(types: "dn:NetworkVideoTransmitter\(deep)")) == nil)
        let many = String(repeating: "<a/>", count: 700)
        #expect(read(Self.answer(types: "dn:NetworkVideoTransmitter\(many)")) == nil)
        let long = try #require(
            read(Self.answer(scopes: "onvif://www.onvif.org/name/" + String(repeating: "n", count: 5000)))?.first)
        #expect(long.name.count == 100)
        let odd = try #require(read(Self.answer(scopes: "onvif://www.onvif.org/name/a%0A%1B%E2%80%AEb%00c"))?.first)
        #expect(odd.name == "a b c")
        let broken = try #require(read(Self.answer(scopes: "onvif://www.onvif.org/name/%zz%"))?.first)
        #expect(broken.name == "%zz%")
    }

    @Test func `ten thousand damaged answers are read or refused, and no more`() {
        var state: UInt64 = 7
        func random(_ bound: Int) -> Int {
            state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
            return Int(state >> 33) % bound
        }
        let whole = Array(Self.answer(scopes: "onvif://www.onvif.org/name/a onvif://www.onvif.org/hardware/b").utf8)
        for _ in 0..<10_000 {
            var bytes = whole
            for _ in 0...random(4) {
                switch random(3) {
                case 0: bytes[random(bytes.count)] = UInt8(random(256))
                case 1: bytes.remove(at: random(bytes.count))
                default: bytes.insert(UInt8(random(256)), at: random(bytes.count))
                }
            }
            if let answer = ProbeAnswer(bytes, to: Self.question) {
                #expect(answer.matches.count <= 16 && answer.matches.allSatisfy { $0.name.count <= 100 })
            }
        }
    }
}
