import Foundation

/// A browser that the scripts of the tests can drive (`Tests/ConsoleTests/browser.py`).
public enum WebBrowser: String, CaseIterable, Sendable {
    case chromium, firefox

    private var path: String { "/usr/bin/" + (self == .firefox ? "firefox-esr" : "chromium") }

    /// Those that this machine has.
    public static let present = allCases.filter { FileManager.default.isExecutableFile(atPath: $0.path) }
}
