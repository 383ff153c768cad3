/// What `ViewMonitor` says of one look.
public struct ViewJudgement: Sendable, Equatable {
    /// False while nothing may be concluded from the picture: a fault has been stated, or is suspected.
    public let isClear: Bool
    /// The fault that has been stated; nil while one is only suspected.
    public let fault: CameraFault?
    /// The same view looks different all over since this look (day to infra-red, lamps, a change of resolution): what was
    /// learnt about the look of places no longer holds.
    public let hasNewAppearance: Bool

    public init(isClear: Bool, fault: CameraFault? = nil, hasNewAppearance: Bool = false) {
        self.isClear = isClear
        self.fault = fault
        self.hasNewAppearance = hasNewAppearance
    }
}
