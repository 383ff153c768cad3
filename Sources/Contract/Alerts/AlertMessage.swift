public import Foundation

/// A message that is ready to be sent, or that waits in the outbox.
public struct AlertMessage: Sendable, Hashable {
    /// Per site, without gaps.
    public let sequence: Int64
    public let id: UUID
    /// The incident.
    public let subject: UUID
    public let topic: String
    /// Where the present state of the incident is retained.
    public let openTopic: String
    /// False empties the retained state.
    public let isOpen: Bool
    /// JSON.
    public let payload: [UInt8]
    /// The masked pictures that it names and that may leave the box; none once it comes from the outbox.
    public let pictures: [AlertPicture]

    public init(
        sequence: Int64, id: UUID, subject: UUID, topic: String, openTopic: String, isOpen: Bool, payload: [UInt8],
        pictures: [AlertPicture] = []
    ) {
        self.sequence = sequence
        self.id = id
        self.subject = subject
        self.topic = topic
        self.openTopic = openTopic
        self.isOpen = isOpen
        self.payload = payload
        self.pictures = pictures
    }

    /// How subscribers know it. What an earlier store counted lies below 1 in this one's order, and bears its own number.
    package var name: (sequence: Int64, epoch: String?) {
        guard sequence < 1, let event = try? AlertEvent(json: Data(payload)), let own = Int64(event.sequence) else {
            return (sequence, nil)
        }
        return (own, event.epoch)
    }
}
