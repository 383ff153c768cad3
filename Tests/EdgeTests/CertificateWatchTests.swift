import Foundation
import TestSupport
import Testing

@testable import Contract
@testable import Edge

@Suite(.waiting) struct CertificateWatchTests {
    private let now = Date(timeIntervalSince1970: 1_795_480_000)

    private func warnings(_ days: Double, _ role: CertificateExpiry.Role = .client) -> [String] {
        CertificateWatch.warnings(
            [CertificateExpiry(role, notAfter: now.addingTimeInterval(days * 86_400))], at: now)
    }

    @Test func `a warning comes from thirty days before a certificate ends`() {
        #expect(warnings(30) == [])
        #expect(warnings(29.9) == ["this site's ends in 29 days: renew certificate_file and key_file"])
        #expect(warnings(0.5) == ["this site's ends in 0 days: renew certificate_file and key_file"])
        #expect(warnings(-0.1) == ["this site's has expired: renew certificate_file and key_file"])
    }

    @Test func `a warning says whose certificate it is`() {
        #expect(warnings(1, .broker) == ["the broker's ends in 1 days: renew it there"])
        #expect(warnings(1, .authority).first?.contains("write the new one into ca_file") == true)
    }
}
