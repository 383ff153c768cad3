import Glibc
import Yams

extension ConsoleSettings {
    enum Key: String, CaseIterable {
        case listen, hosts, insecure
        case trustedProxies = "trusted_proxies"
    }

    static func read(_ section: Section<Key>) -> ConsoleSettings {
        var console = ConsoleSettings()
        let form = "an address of this machine and a port, e.g. 127.0.0.1:8080 or [::1]:8080"
        console.listen = section.text(.listen, form: form) { MetricsSettings.endpoint($0) != nil }
            .flatMap(MetricsSettings.endpoint)
        console.hosts = list(.hosts, section, "host names such as console.example.cn", isHost).map { $0.lowercased() }
        console.trustedProxies = list(.trustedProxies, section, "addresses such as 127.0.0.1", isAddress)
        console.isInsecure = section.boolean(.insecure) ?? console.isInsecure
        if let listen = console.listen, !isLoopback(listen.address), console.trustedProxies.isEmpty,
            !console.isInsecure
        {
            section.report(
                "listen names \(listen.address), which other machines reach, and the console speaks no TLS: listen on "
                    + "127.0.0.1 behind a proxy with TLS, or name the proxy in trusted_proxies", .listen)
        }
        return console
    }

    private static func list(
        _ key: Key, _ section: Section<Key>, _ what: String, _ isValid: (String) -> Bool
    ) -> [String] {
        guard let node = section.node(key) else { return [] }
        guard let items = node.sequence, items.count <= 16 else {
            section.report("\(key.rawValue) must be a list of at most 16 \(what)", key)
            return []
        }
        return items.compactMap { item in
            if let text = item.scalar?.string, isValid(text) { return text }
            section.report(
                "an item of \(key.rawValue) is no such thing: \(Wording.quoted(item.scalar?.string ?? "a list or a map")); "
                    + "write \(what)", key)
            return nil
        }
    }

    private static func isHost(_ text: String) -> Bool {
        guard let address = BrokerSettings.address(text, port: 80) else { return false }
        return !address.host.isEmpty && !text.contains("/")
    }

    private static func isAddress(_ text: String) -> Bool {
        var (four, six) = (in_addr(), in6_addr())
        return inet_pton(AF_INET, text, &four) == 1 || inet_pton(AF_INET6, text, &six) == 1
    }
}
