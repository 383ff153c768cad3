/// Who has the power to act.
public struct Department: Sendable, Hashable, Codable {
    /// A stable slug such as `traffic-police`.
    public let role: String
    public let name: LocalizedName
    /// The department's number at this site, where the configuration gives one.
    public let id: String?

    public init(role: String, name: LocalizedName, id: String? = nil) {
        self.role = role
        self.name = name
        self.id = id
    }
}
