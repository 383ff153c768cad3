extension LoggingSettings {
    enum Key: String, CaseIterable { case level }

    static func read(_ section: Section<Key>) -> LoggingSettings {
        var logging = LoggingSettings()
        logging.level = section.choice(.level) ?? logging.level
        return logging
    }
}
