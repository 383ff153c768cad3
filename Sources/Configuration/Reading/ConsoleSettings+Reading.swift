import Domain
import Glibc
import Yams

extension ConsoleSettings {
    enum Key: String, CaseIterable {
        case listen, hosts, insecure, discovery
        case trustedProxies = "trusted_proxies"
    }

    static func read(_ section: Section<Key>) -> ConsoleSettings {
        var console = read(
            section, listen: .listen, hosts: .hosts, trustedProxies: .trustedProxies, insecure: .insecure)
        console.discovery =
            section.section(.discovery, place: "\(section.place), discovery").map(DiscoverySettings.read)
            ?? console.discovery
        return console
    }

    /// Where a page is and who is believed: the same keys at a site and at a centre.
    static func read<Keys>(
        _ section: Section<Keys>, listen: Keys, hosts: Keys, trustedProxies: Keys, insecure: Keys
    ) -> ConsoleSettings {
        var console = ConsoleSettings()
        console.listen = section.text(listen, form: endpointForm) { MetricsSettings.endpoint($0) != nil }
            .flatMap(MetricsSettings.endpoint)
        console.hosts = section.texts(hosts, most: 16, "host names such as console.example.cn", isHost)
            .map { $0.lowercased() }
        console.trustedProxies = section.texts(
            trustedProxies, most: 16, "addresses such as 127.0.0.1", isAddress)
        console.isInsecure = section.boolean(insecure) ?? console.isInsecure
        if let endpoint = console.listen, !isLoopback(endpoint.address), console.trustedProxies.isEmpty,
            !console.isInsecure
        {
            section.report(
                "listen names \(endpoint.address), which other machines reach, and the console speaks no TLS: listen on "
                    + "127.0.0.1 behind a proxy with TLS, or name the proxy in trusted_proxies", listen)
        }
        return console
    }

    static let endpointForm = "an address of this machine and a port, e.g. 127.0.0.1:8080 or [::1]:8080"

    private static func isHost(_ text: String) -> Bool {
        guard let address = BrokerSettings.address(text, port: 80) else { return false }
        return !address.host.isEmpty && !text.contains("/")
    }

    private static func isAddress(_ text: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }
}

extension DiscoverySettings {
    enum Key: String, CaseIterable { case interfaces }

    static func read(_ section: Section<Key>) -> DiscoverySettings {
        var discovery = DiscoverySettings()
        discovery.interfaces = section.texts(.interfaces, most: 8, "names of interfaces such as eth1", isInterface)
        return discovery
    }

    /// As the kernel takes them.
    private static func isInterface(_ text: String) -> Bool {
        (1...15).contains(text.utf8.count) && ![".", ".."].contains(text)
            && text.utf8.allSatisfy { (33...126).contains($0) && $0 != UInt8(ascii: "/") && $0 != UInt8(ascii: ":") }
    }
}

extension Section {
    /// The texts of a list; those that are not valid are reported.
    ///
    /// - Parameter what: valid ones, in words.
    fileprivate func texts(_ key: Key, most: Int, _ what: String, _ isValid: (String) -> Bool) -> [String] {
        guard let node = node(key) else { return [] }
        guard let items = node.sequence, items.count <= most else {
            report("\(key.rawValue) must be a list of at most \(most) \(what)", key)
            return []
        }
        return items.compactMap { item in
            if let text = item.scalar?.string, isValid(text) { return text }
            report(
                "an item of \(key.rawValue) is no such thing: \(Wording.quoted(item.scalar?.string ?? "a list or a map")); "
                    + "write \(what)", key)
            return nil
        }
    }
}
