import Domain
import Foundation

/// What must be known of smoke that is being watched, so that it keeps its time after a restart.
struct SmokeCheckpoint: Sendable, Codable, Equatable {
    /// One look or burst frame; a byte a tile.
    struct Impression: Sendable, Codable, Equatable {
        let time: MediaTime
        let seconds: Double
        let veiled: Data
        let stirred: Data
    }

    /// When the camera last saw this.
    let time: MediaTime
    let columns: Int
    let rows: Int
    let impressions: [Impression]
    let plumes: [Plume]
}
