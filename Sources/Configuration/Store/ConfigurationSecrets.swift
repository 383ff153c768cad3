public import Runtime

extension KnownSecrets {
    /// The passwords of the addresses in these texts of a configuration, including comments.
    public convenience init(of texts: [String]) {
        self.init()
        for text in texts {
            for match in text.matches(of: #/[A-Za-z][A-Za-z0-9+.\-]*:\/\/[^\s"',\]}]+/#) {
                learn(address: String(match.output))
            }
            if let document = try? ConfigurationDocument(text: text, file: "") { learn(document.value) }
        }
    }

    private func learn(_ value: ConfigurationValue) {
        switch value {
        case .empty: break
        case .text(let text): if text.contains("://") || text.contains("@") { learn(address: text) }
        case .list(let items): for item in items { learn(item) }
        case .map(let entries): for entry in entries { learn(entry.value) }
        }
    }
}
