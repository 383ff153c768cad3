public import Foundation

/// A message that stays too long even without its explanation and evidence: a name in the configuration is too long.
public struct MessageTooLong: Error, CustomStringConvertible {
    public let incident: UUID
    public let bytes: Int

    public var description: String {
        "the message about incident \(incident.text) has \(bytes) bytes and may have \(IncidentEnvelope.mostBytes); "
            + "shorten the names of its camera and zone"
    }
}
