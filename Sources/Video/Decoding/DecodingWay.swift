/// What decodes key frames.
public enum DecodingWay: String, Sendable, Hashable, CaseIterable {
    /// The processor.
    case software
    /// The first of the devices below that can, else the processor.
    case auto
    /// A graphics processor, by VA-API.
    case vaapi
    /// The video device of a small board, by the kernel's V4L2.
    case v4l2m2m

    /// Those that are asked, in their order.
    var devices: [DecodingDevice] {
        switch self {
        case .software: []
        case .auto: [.vaapi, .v4l2m2m]
        case .vaapi: [.vaapi]
        case .v4l2m2m: [.v4l2m2m]
        }
    }
}

/// Decoders of devices, as far as an operator hears of them.
public enum HardwareDecoding {
    /// Takes lines about devices: one where a device decodes for the first time, one where it does not for the first time. On
    /// cameras' threads.
    public static func report(to target: @escaping @Sendable (_ line: String) -> Void) {
        DecodingDevices.shared.lines.set(target)
    }
}
