/// How RTP travels.
public enum Transport: String, Sendable, Codable, CaseIterable { case tcp, udp }
