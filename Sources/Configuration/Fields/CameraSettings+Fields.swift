import Analytics
import Domain

extension CameraSettings.Key: FieldKey {
    private static let plain = (try? AreaCode("000000000000")).map {
        CameraSettings(id: "", url: "", purpose: "", site: SiteSettings(id: "", area: $0), zones: [])
    }
    private static func seconds(_ value: Double?) -> String? { value.map(Wording.number) }

    static let fields: [Field] = [
        Field(
            Self.id, .identifier, isRequired: true, en: "Differs from camera to camera; another id is another camera",
            zh: "摄像机编号"),
        Field(Self.name, .text, default: "<id>", en: "For people", zh: "名称"),
        Field(
            Self.url, .text(form: "rtsp://, rtsps:// or the path of a file"), isRequired: true,
            en:
                "The stream, or a file that begins with /, ./ or ../ or is there. Keep passwords out of it; blanks, and "
                + "slash, question mark and at sign in user, password and path are %-encoded", zh: "视频流地址，请勿写入口令"),
        Field(
            Self.detailURL, .text(form: "rtsp:// or rtsps://"),
            en:
                "The main stream, where url is a smaller one: opened only for the pictures of an incident, for one key frame. "
                + "Credentials, certificates, transport, aspect and limits hold for both. Keep passwords out of it",
            zh: "主码流地址，仅在取证时打开，取一帧关键帧后即关闭；请勿写入口令"),
        Field(
            Self.credentialsFile, .path,
            en:
                "Two lines, user and password (may be empty), and nothing else; takes the place of what url and detail_url "
                + "carry", zh: "凭据文件，共两行：用户名、口令"),
        Field(
            Self.caFile, .path,
            en:
                "For rtsps://: PEM with the camera's own certificate or that of its authority, which must vouch for the host "
                + "in url and detail_url; without it any certificate is taken", zh: "用于验证摄像机证书的 CA 证书"),
        Field(
            Self.transport, .choice(CameraSettings.Transport.self), default: plain?.transport.rawValue,
            en: "auto: TCP, or UDP where the camera refuses TCP or sends nothing over it. rtsps:// is TCP always",
            zh: "传输方式"),
        Field(
            Self.purpose, .text, isRequired: true, en: "What the camera is for; the law asks for it", zh: "用途（法律要求注明）"),
        Field(
            Self.signageConfirmed, .boolean, isRequired: true,
            en: "true once a sign at the place tells of the camera; without it the camera does not run", zh: "现场已设置提示标识"
        ),
        Field(
            Self.gb28181, .text(form: "20 digits"), en: "The camera's GB/T 28181 id", zh: "GB/T 28181 设备编码"),
        Field(
            Self.longitude, .number(-180...180, unit: "degrees"), en: "WGS 84; with latitude or not at all", zh: "经度"),
        Field(
            Self.latitude, .number(-90...90, unit: "degrees"), en: "WGS 84; with longitude or not at all", zh: "纬度"),
        Field(
            Self.area, .text(form: "an area code of 12 digits"), default: "<site area>",
            en: "Where this camera belongs, if not where the site does", zh: "所属区划，缺省同站点"),
        Field(Self.grid, .code, default: "<site grid>", en: "Its grid", zh: "所属网格，缺省同站点"),
        Field(Self.microgrid, .code, default: "<site microgrid>", en: "Its micro-grid", zh: "所属微网格，缺省同站点"),
        Field(
            Self.decode, .choice(CameraSettings.Decode.self), default: plain?.decode.rawValue,
            en:
                "key_frames: only what the looks need, in software; all: every picture, in software. The others are as "
                + "key_frames, and say what decodes key frames: auto, vaapi and v4l2m2m a device, or software where it cannot",
            zh: "解码方式：key_frames 仅软件解码所需画面，all 软件解码全部画面；其余同 key_frames，并指定关键帧由谁解码（硬件不可用时自动改用软件）"),
        Field(
            Self.aspect, .text(form: "the width by the height, e.g. 16:9"),
            en: "The shape that its picture should have, where the stream does not say it or says it wrongly",
            zh: "画面显示宽高比"),
        Field(
            Self.largestPicture, .number(0.1...100, unit: "megapixels"), default: seconds(plain?.largestPicture),
            en: "Larger pictures are not decoded", zh: "最大解码像素数（百万）"),
        Field(
            Self.lookEvery, .number(0.2...10, unit: "seconds"), default: seconds(plain?.lookEvery),
            en: "Between two looks; with decode: all, a fault of the camera takes three looks to be stated", zh: "检测间隔"),
        Field(
            Self.openTimeout, .number(1...120, unit: "seconds"), default: seconds(plain?.openTimeout),
            en: "To open the stream", zh: "连接超时"),
        Field(
            Self.readTimeout, .number(1...120, unit: "seconds"), default: seconds(plain?.readTimeout),
            en: "Without a packet, after which the stream is opened again", zh: "读取超时"),
        Field(
            Self.presets, .sections(PresetSettings.Key.fields),
            en:
                "Where the camera turns: the views that its zones were drawn on, each with a picture that was taken there. "
                + "Every zone then names one", zh: "云台预置位：每个预置位配一张现场图片，各区域须指明所属预置位"),
        Field(Self.zones, .sections(ZoneSettings.Key.fields), isRequired: true, en: "At least one", zh: "至少一个区域"),
    ]
}

extension PresetSettings.Key: FieldKey {
    static let fields: [Field] = [
        Field(Self.id, .identifier, isRequired: true, en: "Differs from preset to preset of a camera", zh: "预置位编号"),
        Field(
            Self.picture, .path, isRequired: true,
            en:
                "Taken there, JPEG or PNG, without a caption; check refuses one that cannot be read, in which too little can "
                + "be made out, or that shows the view of another preset", zh: "现场图片"),
    ]
}

extension ZoneSettings.Key: FieldKey {
    private static let plain = ZoneSettings(zone: Zone(id: "", name: "", polygon: Polygon([])), rules: ZoneRules())

    static let fields: [Field] = [
        Field(Self.id, .identifier, isRequired: true, en: "Differs from zone to zone of a camera", zh: "区域编号"),
        Field(Self.name, .text, default: "<id>", en: "For people", zh: "名称"),
        Field(
            Self.surface, .choice(Zone.Surface.self), default: plain.zone.surface.rawValue,
            en: "Of the ground; it decides the department", zh: "地面类型，决定主管部门"),
        Field(
            Self.preset, .text(form: "one of the camera's presets"),
            en: "The preset that it was drawn on; required where the camera has presets", zh: "所属预置位"),
        Field(
            Self.promise, .number(0.2...60, unit: "seconds"),
            en:
                "The longest time without a look, not below look_every; a fault of the camera takes up to three times as long "
                + "to be stated. Without it: 3, and where all rules of the camera are for parking, while nothing happens, a "
                + "tenth of the shortest dwell up to 10",
            zh: "最长检测间隔；不写时为 3 秒，仅有停车类规则的摄像机在无事时为最短停留时限的十分之一，最长 10 秒"),
        Field(
            Self.polygon, .other(form: "3 to 100 corners [x, y]"), isRequired: true,
            en:
                "Its corners in their order, shares of the picture from the top left [0, 0] to the bottom right [1, 1]; it "
                + "closes by itself and must not cross itself", zh: "多边形顶点"),
        Field(
            Self.rules, .section(RuleFields.all), isRequired: true,
            en: "At least one; a rule without settings keeps its defaults", zh: "至少一条规则"),
    ]
}
