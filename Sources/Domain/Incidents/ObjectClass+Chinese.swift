extension ObjectClass {
    /// The class's name in Chinese, for explanations.
    public var chinese: String {
        switch self {
        case .person: "人"
        case .bicycle: "自行车"
        case .car: "小汽车"
        case .motorcycle: "摩托车"
        case .bus: "客车"
        case .truck: "货车"
        case .bench: "长椅"
        case .bird: "鸟"
        case .cat: "猫"
        case .dog: "狗"
        case .umbrella: "伞"
        case .handbag: "手提包"
        case .suitcase: "行李箱"
        case .bottle: "瓶子"
        case .cup: "杯子"
        case .bowl: "碗"
        case .banana: "香蕉"
        case .apple: "苹果"
        case .orange: "橙子"
        case .chair: "椅子"
        case .diningTable: "桌子"
        case .object: "物品"
        case .stall: "摊位"
        case .smoke: "烟"
        case .fire: "明火"
        case .water: "水"
        case .crowd: "人群"
        }
    }
}
