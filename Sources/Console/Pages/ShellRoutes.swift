import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// The shell of the page, which holds nothing of the site, and the code.
package enum ShellRoutes {
    /// The addresses of the console.
    static let pages = [
        "/", "/incident", "/signin", "/setup", "/health", "/cameras", "/camera", "/zones", "/add", "/config",
        "/account", "/users", "/audit",
    ]

    package static func all(_ library: AssetLibrary, pages: [String]) -> [Route] {
        pages.map { path in
            Route(.get, path, .everybody) { shell($0, library) }
        } + [
            Route(.get, "/assets/:hash/:name", .everybody) { try asset($0, library) },
            // Browsers ask for it whatever the page says.
            Route(.get, "/favicon.ico", .everybody) { _ in throw Fault.notFound },
        ]
    }

    /// In the language that the browser asks for, so that it is right before any code runs.
    private static func shell(_ call: Call, _ library: AssetLibrary) -> Response {
        guard let asset = library.asset(library.shell) else { return Fault.notFound.response }
        let isChinese = call.request.headers[.acceptLanguage]?.lowercased().hasPrefix("en") != true
        let html = String(decoding: asset.bytes, as: UTF8.self)
            .replacing("{assets}", with: "/assets/\(library.hash)")
            .replacing("{language}", with: isChinese ? "zh-Hans" : "en")
            .replacing("{product}", with: isChinese ? "网格哨" : "Gridwarden")
        return response(
            AssetLibrary.Asset(mediaType: asset.mediaType, bytes: Array(html.utf8), gzip: nil), call, "no-cache")
    }

    private static func asset(_ call: Call, _ library: AssetLibrary) throws -> Response {
        guard call.value("name") != library.shell, library.folders != nil || call.value("hash") == library.hash,
            let asset = library.asset(call.value("name"))
        else { throw Fault.notFound }
        return response(
            asset, call, library.folders == nil ? "public, max-age=31536000, immutable" : "no-store")
    }

    private static func response(_ asset: AssetLibrary.Asset, _ call: Call, _ caching: String) -> Response {
        var headers: HTTPFields = [.contentType: asset.mediaType, .cacheControl: caching, .vary: "Accept-Encoding"]
        let takesGzip = call.request.headers[.acceptEncoding]?.contains("gzip") ?? false
        guard takesGzip, let gzip = asset.gzip else {
            return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: asset.bytes)))
        }
        headers[.contentEncoding] = "gzip"
        return Response(status: .ok, headers: headers, body: .init(byteBuffer: ByteBuffer(bytes: gzip)))
    }
}
