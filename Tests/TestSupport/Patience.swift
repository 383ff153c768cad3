import Foundation
public import Testing

extension Trait where Self == TimeLimitTrait {
    /// A limit for tests that compute for long: under a sanitizer everything takes many times as long, and the Makefile
    /// says so by `GRIDWARDEN_SLOWNESS`.
    public static func within(minutes: Int) -> Self {
        let slowness = ProcessInfo.processInfo.environment["GRIDWARDEN_SLOWNESS"].flatMap { Int($0) } ?? 1
        return .timeLimit(.minutes(minutes * max(1, slowness)))
    }
}
