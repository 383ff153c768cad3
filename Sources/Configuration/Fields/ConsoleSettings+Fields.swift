import Domain

extension ConsoleSettings.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.listen, .text(form: ConsoleSettings.endpointForm),
            needsRestart: true,
            en:
                "Where the console is; off without it. Beyond the loopback only with trusted_proxies, for it speaks no TLS "
                + "itself", zh: "控制台的监听地址，不写则关闭"),
        Field(
            Self.hosts, .other(form: "a list of at most 16 host names, with or without :port"),
            needsRestart: true,
            en: "Names under which browsers ask for it, besides localhost and the address of listen",
            zh: "允许访问的主机名"),
        Field(
            Self.trustedProxies, .other(form: "a list of at most 16 addresses"), needsRestart: true,
            en: "Proxies in front of it, whose X-Forwarded-For and X-Forwarded-Proto are believed",
            zh: "受信任的反向代理地址"),
        Field(
            Self.insecure, .boolean, default: "false", needsRestart: true,
            en:
                "Whether it may listen beyond the loopback without a proxy: passwords then cross the network in the "
                + "clear",
            zh: "允许无加密监听（不建议）"),
        Field(
            Self.discovery, .section(DiscoverySettings.Key.fields), needsRestart: true,
            en: "The search for cameras in a network, when one is added by the page", zh: "添加摄像机时在网络中查找"),
    ]
}

extension DiscoverySettings.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.interfaces, .other(form: "a list of at most 8 names of interfaces, e.g. [eth1]"), needsRestart: true,
            en:
                "Networks in which an administrator may search for cameras: one multicast (ONVIF's WS-Discovery) each time "
                + "it is asked for; off without it", zh: "允许查找摄像机的网络接口，不写则关闭")
    ]
}
