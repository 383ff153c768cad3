public import Contract
public import Runtime

extension CameraReport {
    /// Without secrets that a camera or a library repeated.
    public func redacted(by secrets: KnownSecrets) -> CameraReport {
        var report = self
        report.reason = reason.map(secrets.redact)
        report.warning = warning.map(secrets.redact)
        return report
    }
}
