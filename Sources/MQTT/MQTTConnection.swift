/// Whether there is a connection to the broker.
public enum MQTTConnection: Sendable, Equatable {
    case connecting
    case up
    case down(MQTTError)
}
