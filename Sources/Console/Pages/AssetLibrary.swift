import Foundation
import Hashing

/// The code of the page: embedded, with one hash over all of it in every address, so that modules find each other by
/// plain relative names and a browser may keep them for ever.
struct AssetLibrary: Sendable {
    struct Asset: Sendable {
        let mediaType: String
        let bytes: [UInt8]
        let gzip: [UInt8]?
    }

    static let shared = AssetLibrary(Self.embedded)

    static let embedded: [(name: String, bytes: [UInt8])] = [
        ("app.js", PackageResources.app_js), ("api.js", PackageResources.api_js),
        ("picture.js", PackageResources.picture_js), ("health.js", PackageResources.health_js),
        ("i18n.js", PackageResources.i18n_js), ("incident.js", PackageResources.incident_js),
        ("incidents.js", PackageResources.incidents_js), ("live.js", PackageResources.live_js),
        ("sign.js", PackageResources.sign_js), ("texts.js", PackageResources.texts_js),
        ("ui.js", PackageResources.ui_js), ("verdicts.js", PackageResources.verdicts_js),
        ("style.css", PackageResources.style_css),
        ("icon.svg", PackageResources.icon_svg), ("shell.html", PackageResources.shell_html),
    ]

    /// Of all files and their names.
    let hash: String
    private let assets: [String: Asset]
    /// Where they are read anew for each request; nil for the embedded ones.
    let folder: String?

    init(_ files: [(name: String, bytes: [UInt8])]) {
        var assets: [String: Asset] = [:]
        var all: [UInt8] = []
        for (name, bytes) in files.sorted(by: { $0.name < $1.name }) {
            assets[name] = Asset(mediaType: Self.mediaType(of: name), bytes: bytes, gzip: Gzip.compressed(bytes))
            all += Array(name.utf8) + bytes
        }
        self.assets = assets
        // Where libcrypto has none, no address is kept.
        hash = ((try? SHA256.hex(all)).map { String($0.prefix(16)) }) ?? "0"
        #if DEBUG
            folder = ProcessInfo.processInfo.environment["GRIDWARDEN_ASSETS"]
        #else
            folder = nil
        #endif
    }

    /// Nil where there is none of that name.
    func asset(_ name: String) -> Asset? {
        guard let folder else { return assets[name] }
        guard assets[name] != nil, let data = FileManager.default.contents(atPath: "\(folder)/\(name)") else {
            return nil
        }
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
