import CAssets
import Foundation
import Hashing
import Runtime

/// The code of the page: embedded, with one hash over all of it in every address, so that modules find each other by
/// plain relative names and a browser may keep them for ever.
package struct AssetLibrary: Sendable {
    struct Asset: Sendable {
        let mediaType: String
        let bytes: [UInt8]
        let gzip: [UInt8]?
    }

    static let shared = AssetLibrary(Self.embedded)

    /// The files of the console's page.
    package static let embedded = files(assets_of_console)
    /// What a centre's page has besides.
    package static let ofCentre = files(assets_of_centre)

    private static func files(
        _ table: (UnsafeMutablePointer<Int>?) -> UnsafePointer<asset>?
    ) -> [(name: String, bytes: [UInt8])] {
        var count = 0
        return UnsafeBufferPointer(start: table(&count), count: count).map { file in
            (String(cString: file.name), Array(UnsafeBufferPointer(start: file.bytes, count: file.count)))
        }
    }

    /// Of all files and their names.
    package let hash: String
    /// The name of the file that every address of the page begins with.
    let shell: String
    private let assets: [String: Asset]
    /// Where they are read anew for each request, the first folder that has one; nil for the embedded ones.
    let folders: [String]?

    package init(_ files: [(name: String, bytes: [UInt8])], shell: String = "shell.html") {
        self.shell = shell
        var assets: [String: Asset] = [:]
        var all: [UInt8] = []
        for (name, bytes) in files.sorted(by: { $0.name < $1.name }) {
            assets[name] = Asset(mediaType: Self.mediaType(of: name), bytes: bytes, gzip: Zlib.gzip(bytes))
            all += Array(name.utf8) + bytes
        }
        self.assets = assets
        // Where libcrypto has none, no address is kept.
        hash = ((try? SHA256.hex(all)).map { String($0.prefix(16)) }) ?? "0"
        #if DEBUG
            folders = ProcessInfo.processInfo.environment["GRIDWARDEN_ASSETS"]?.components(separatedBy: ":")
        #else
            folders = nil
        #endif
    }

    /// Nil where there is none of that name.
    func asset(_ name: String) -> Asset? {
        guard let folders else { return assets[name] }
        let found = folders.lazy.compactMap { FileManager.default.contents(atPath: "\($0)/\(name)") }
        guard assets[name] != nil, let data = found.first else { return nil }
        return Asset(mediaType: Self.mediaType(of: name), bytes: Array(data), gzip: nil)
    }

    private static func mediaType(of name: String) -> String {
        switch name.split(separator: ".").last {
        case "js": "text/javascript; charset=utf-8"
        case "css": "text/css; charset=utf-8"
        case "svg": "image/svg+xml"
        default: "text/html; charset=utf-8"
        }
    }
}
