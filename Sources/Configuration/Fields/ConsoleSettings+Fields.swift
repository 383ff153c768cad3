import Domain

extension ConsoleSettings.Key: FieldKey {
    static let fields: [Field] = [
        Field(
            Self.listen, .text(form: "an address of this machine and a port, e.g. 127.0.0.1:8080 or [::1]:8080"),
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
    ]
}
