import Domain

extension BrokerSettings.Key: FieldKey {
    private static let plain = BrokerSettings(host: "", clientID: "")

    static let fields: [Field] = [
        Field(
            Self.host, .text(form: "a name or an address, without mqtt:// and port"), isRequired: true,
            en: "The broker's host; may be left out where there are hosts", zh: "主机名或 IP 地址"),
        Field(
            Self.port, .integer(1...65535, unit: ""), default: "\(plain.port)",
            en: "With tls usually 8883; also of hosts that name none", zh: "端口"),
        Field(
            Self.hosts, .other(form: "a list of 1 to 8 hosts, with or without :port"),
            en:
                "More brokers, IPv6 with a port in brackets: \"[fd00::1]:1883\". One at a time is used: the next one at once "
                + "where one fails, and the one that works is kept", zh: "备用消息服务器"),
        Field(
            Self.version, .choice(BrokerSettings.Version.self), default: plain.version.rawValue,
            en:
                "auto: MQTT 5, and 3.1.1 where the broker does not take that. With 3.1.1 the broker cannot tell a refusal",
            zh: "协议版本"),
        Field(
            Self.clientID, .text(form: "1 to 64 characters without spaces"), default: "gridwarden-<site id>",
            en: "One client, one id", zh: "客户端标识，不可重复"),
        Field(Self.username, .text, en: "Where the broker asks for one", zh: "用户名"),
        Field(
            Self.passwordFile, .path,
            en:
                "The first line of the file is the password. A name without a slash, here and at every other such file, is a "
                + "credential of systemd: /etc/gridwarden/credentials/NAME", zh: "口令文件"),
        Field(
            Self.topicRoot, .text(form: "levels such as mg/v1, without +, # and spaces"), default: plain.topicRoot,
            needsRestart: true, en: "What every topic begins with", zh: "主题前缀"),
        Field(
            Self.topicKind, .choice(BrokerSettings.TopicKind.self), default: plain.topicKind.rawValue,
            en:
                "How a kind stands in a topic: parking.motor, or parking_motor for brokers that take no dot there. JSON keeps "
                + "the dot. A change holds for what waits, too, and empties what is retained under the other form",
            zh: "主题中事项类别的写法"),
        Field(
            Self.product, .choice(BrokerSettings.Product.self),
            en: "Which of them it is: the daemon works without it; with it check demands what that broker must have "
                + "(docs/brokers.md)", zh: "消息服务器的产品名，可不填"),
        Field(
            Self.keepAlive, .integer(5...3600, unit: "seconds"), default: "\(plain.keepAlive)",
            en: "How often broker and site hear of each other at least", zh: "心跳间隔"),
        Field(
            Self.ackTimeout, .integer(5...600, unit: "seconds"), default: "\(plain.ackTimeout)",
            en:
                "A broker that leaves a message unacknowledged for so long, and one second more for each 32 KiB on their way, "
                + "is connected anew", zh: "确认超时"),
        Field(
            Self.tls, .section(TLSSettings.Key.fields),
            en: "Encrypts the connection; without it everything travels in the clear", zh: "加密连接"),
    ]
}

extension TLSSettings.Key: FieldKey {
    private static let plain = TLSSettings()

    static let fields: [Field] = [
        Field(
            Self.caFile, .path, default: plain.caFile,
            en: "The certificates that are trusted, PEM, each for itself: the issuing authority alone is enough",
            zh: "受信任的证书"),
        Field(
            Self.certificateFile, .path,
            en: "This site's own certificate, PEM; with key_file or not at all", zh: "本站点证书，双向认证时使用"),
        Field(
            Self.keyFile, .path, en: "Its key, PEM, without a passphrase", zh: "本站点证书的私钥"),
    ]
}
