import Foundation
import TestSupport

extension Conversation {
    /// - Parameters:
    ///   - script: beside this file.
    ///   - browser: that it is to drive.
    convenience init(_ script: String, _ arguments: [String], in browser: WebBrowser = .chromium) throws {
        try self.init(
            URL(filePath: #filePath).deletingLastPathComponent().appending(path: script), arguments, in: browser)
    }
}
