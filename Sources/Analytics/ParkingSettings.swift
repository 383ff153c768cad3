public import Domain

/// What counts as illegal parking in one zone.
public struct ParkingSettings: TimedRuleSettings {
    /// Seconds of standing after which it is a violation; 300 is the common local grace.
    public var dwell: Double
    /// Vehicle classes that count.
    public var classes: Set<ObjectClass>
    /// When stopping is forbidden.
    public var windows: TimeWindows
    /// For how long a vehicle may be hidden and still be the same one, in seconds.
    public var occlusion: Double
    /// Number of vehicles that stopped shortly after one another from which a queue is presumed; 0 for never.
    public var queueVehicles: Int
    /// How long a queue that does not move is accepted as a queue, in seconds.
    public var queuePatience: Double

    public init(
        dwell: Double = 300, classes: Set<ObjectClass> = [.car, .bus, .truck], windows: TimeWindows = .always,
        occlusion: Double = 30, queueVehicles: Int = 3, queuePatience: Double = 300
    ) {
        self.dwell = dwell
        self.classes = classes
        self.windows = windows
        self.occlusion = occlusion
        self.queueVehicles = queueVehicles
        self.queuePatience = queuePatience
    }
}

extension RuleField<ParkingSettings> {
    static var classes: Self {
        let names = ObjectClass.allCases.filter(\.isPlated).map(\.rawValue)
        return RuleField(
            Field("classes", .choices(names), noun: "vehicle class", en: "vehicles that count", zh: "计入的车辆类型")
        ) { settings in
            "[\(names.filter { name in settings.classes.contains { $0.rawValue == name } }.joined(separator: ", "))]"
        } enter: {
            if case .choices(let names) = $0 { $1.classes = Set(names.compactMap(ObjectClass.init(rawValue:))) }
        }
    }

    static var occlusion: Self {
        .number(
            "occlusion", 0...3600, unit: "seconds", \.occlusion, en: "for so long a hidden vehicle stays the same one",
            zh: "遮挡容忍时长")
    }

    static var queueVehicles: Self {
        .integer(
            "queue_vehicles", 0...50, \.queueVehicles, en: "from so many on a queue is presumed; 0: never",
            zh: "达到该车辆数视为排队，0 表示不判定排队"
        )
    }

    static var queuePatience: Self {
        .number(
            "queue_patience", 0...3600, unit: "seconds", \.queuePatience,
            en: "for so long a queue may stand beyond dwell",
            zh: "排队容忍时长")
    }
}
