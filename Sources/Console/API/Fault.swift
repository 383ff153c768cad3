import Domain
import Foundation
import HTTPTypes
import Hummingbird
import NIOCore

/// Why a request is refused, as `application/problem+json` (RFC 9457) with its title in both languages.
package struct Fault: Error, Sendable {
    let status: HTTPResponse.Status
    /// The last part of the type, for programs.
    let name: String
    let title: LocalizedName
    /// Seconds.
    var retryAfter: Int?
    /// What is wrong with which part of a request.
    var fields: [Field]?
    /// Lines of the configuration, without its secrets: what somebody else has changed, or what could not be written.
    var diff: String?
    /// The configuration's, as it is.
    var version: String?
    /// What to write into the configuration by hand.
    var patch: String?
    /// The stage that a case has now.
    package var stage: String?

    /// One fault of a part of a request.
    struct Field: Sendable, Hashable, Encodable {
        /// In the configuration, e.g. `cameras.cam-01.zones.np1.polygon`.
        let path: String
        /// The id of the zone; nil where it is about none.
        var zone: String?
        /// In the file as it would be; nil where that was not reached.
        var line: Int?
        var column: Int?
        let zh: String
        let en: String
    }

    init(_ status: HTTPResponse.Status, _ name: String, zh: String, en: String, retryAfter: Int? = nil) {
        (self.status, self.name, self.retryAfter) = (status, name, retryAfter)
        title = LocalizedName(zh: zh, en: en)
    }

    /// Refused for its content (422), or for what has changed meanwhile (409).
    package static func refused(_ name: String, isConflict: Bool = false, zh: String, en: String) -> Fault {
        Fault(isConflict ? .conflict : .unprocessableContent, name, zh: zh, en: en)
    }

    private struct Body: Encodable {
        let status: Int
        let type: String
        let title: LocalizedName
        let retryAfter: Int?
        let fields: [Field]?
        let diff: String?
        let version: String?
        let patch: String?
        let stage: String?

        private enum CodingKeys: String, CodingKey {
            case status, type, title, fields, diff, version, patch, stage
            case retryAfter = "retry_after"
        }
    }

    var response: Response {
        let body = Body(
            status: status.code, type: "urn:gridwarden:fault:\(name)", title: title, retryAfter: retryAfter,
            fields: fields, diff: diff, version: version, patch: patch, stage: stage)
        var response = Response(json: body, status: status, mediaType: "application/problem+json")
        if let retryAfter { response.headers[.retryAfter] = "\(retryAfter)" }
        return response
    }
}

extension Fault {
    package static let noSession = Fault(.unauthorized, "no_session", zh: "请先登录。", en: "Sign in first.")
    static func noUsers(_ command: String) -> Fault {
        Fault(
            .unauthorized, "no_users", zh: "还没有账号；请在本机运行 \(command) setup。",
            en: "There are no accounts yet: run \(command) setup on the box.")
    }
    package static let role = Fault(.forbidden, "role", zh: "你的账号无此权限。", en: "Your account may not do this.")
    package static let area = Fault(
        .forbidden, "area", zh: "你的账号限于部分区划，不能查看全站内容。",
        en: "Your account is limited to an area, and this is of the whole site.")
    static let origin = Fault(
        .forbidden, "origin", zh: "请求不是来自本页面。", en: "The request does not come from this page.")
    package static let notFound = Fault(.notFound, "not_found", zh: "没有此内容。", en: "There is no such thing.")
    package static let gone = Fault(.gone, "expired", zh: "已超过保存期限。", en: "It is no longer kept.")
    static let method = Fault(
        .methodNotAllowed, "method", zh: "此地址不支持该操作。", en: "This address does not take that method.")
    package static let malformed = Fault(
        .badRequest, "malformed", zh: "请求内容有误。", en: "The request is not as it must be.")
    static let tooLarge = Fault(.contentTooLarge, "too_large", zh: "请求内容过大。", en: "The request is too large.")
    static let mediaType = Fault(
        .unsupportedMediaType, "media_type", zh: "请求必须是 JSON。", en: "The request must be JSON.")
    static let host = Fault(
        .misdirectedRequest, "host", zh: "不允许以此主机名访问，请检查配置项 console.hosts。",
        en: "This host name is not allowed: see console.hosts of the configuration.")
    package static let busy = Fault(
        .serviceUnavailable, "busy", zh: "系统繁忙，请稍后再试。", en: "The box is busy: try again.", retryAfter: 5)
    static let store = Fault(
        .serviceUnavailable, "store", zh: "数据库没有响应，请检查磁盘。", en: "The store does not answer: see to the disk.",
        retryAfter: 10)
}

extension Response {
    /// With no copy kept anywhere.
    init(json value: some Encodable, status: HTTPResponse.Status = .ok, mediaType: String = "application/json") {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        let data = (try? encoder.encode(value)) ?? Data("{}".utf8)
        self.init(
            status: status,
            headers: [.contentType: "\(mediaType); charset=utf-8", .cacheControl: "no-store"],
            body: .init(byteBuffer: ByteBuffer(bytes: data)))
    }
}
