import Foundation

/// Standard error, for people.
enum Console {
    static func complain(_ text: String) { FileHandle.standardError.write(Data("\(text)\n".utf8)) }
}
