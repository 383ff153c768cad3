/// A camera that has answered a search. All texts are the camera's own word, of one line and a hundred characters at most.
package struct FoundCamera: Sendable, Hashable {
    /// Where the answer came from, an IPv4 address in digits. What the answer says of addresses is not believed: whoever
    /// tests a camera shows it a password.
    package let address: String
    /// Empty where it says none; likewise the next two.
    package let name: String
    package let hardware: String
    package let location: String

    package init(address: String, name: String, hardware: String, location: String) {
        (self.address, self.name, self.hardware, self.location) = (address, name, hardware, location)
    }
}
