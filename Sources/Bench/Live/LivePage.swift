import Foundation

/// The report of live runs as one page: no scripts, no external resources, light and dark.
public enum LivePage {
    /// - Parameter date: of the measurement, as displayed.
    public static func html(_ report: LiveReport, date: String) -> String {
        guard let run = report.chosen else { return "" }
        return """
            <!DOCTYPE html>
            <html lang="en">
            <head>
            <meta charset="utf-8"/>
            <meta name="viewport" content="width=device-width, initial-scale=1"/>
            <title>Gridwarden: \(count(run.cameras, "camera"))</title>
            <style>\(style)</style>
            </head>
            <body><main>
            <header>
            <p class="eyebrow">Gridwarden · gridwarden bench --cameras</p>
            <h1>\(headline(report, run))</h1>
            <p class="sub">\(subtitle(report, run))</p>
            </header>
            <section class="tiles">\(tiles(run))</section>
            <div class="grid">
            \(card("Cost of a camera", "单路摄像机开销", "Cores for one camera, by the number of cameras", costPlot(report)))
            \(card("Where the time goes", "耗时分布", "Share of the processor time of this process", sharePlot(run)))
            \(card("How late looks are", "检测延迟", "95 % of the looks end within, by the number of cameras", latenessPlot(report)))
            \(card("From picture to verdict", "从画面到结论的延迟", delayText(run), delayPlot(run)))
            </div>
            \(table(report))
            \(faults(report))
            <footer><p>\(escaped(report.clips.map { URL(filePath: $0).lastPathComponent }.joined(separator: ", ")))
            · \(report.isOverRTSP ? "RTSP" : "memory 内存回放") · \(escaped(date)) · dwell \(number(report.dwell, 0)) s · method 方法：docs/performance.md</p></footer>
            </main></body>
            </html>

            """
    }

    // MARK: Words

    private static func headline(_ report: LiveReport, _ run: LiveRun) -> String {
        if let limit = report.limit {
            return limit == 0
                ? "Not even one camera keeps its promises <span>一路也无法满足时限</span>"
                : "Up to \(count(limit, "camera")), every promise kept <span>最多 \(limit) 路，全部满足时限</span>"
        }
        return run.isKept
            ? "\(count(run.cameras, "camera")), every promise kept <span>\(run.cameras) 路，全部满足时限</span>"
            : "\(count(run.cameras, "camera")), not every promise kept <span>\(run.cameras) 路，未能全部满足时限</span>"
    }

    private static func count(_ number: Int, _ noun: String) -> String { "\(number) \(noun)\(number == 1 ? "" : "s")" }

    private static func subtitle(_ report: LiveReport, _ run: LiveRun) -> String {
        "A look is promised every \(number(run.promise, 0)) s; a key frame comes every \(number(run.keyInterval, 1)) s; "
            + "measured for \(number(run.seconds, 0)) s, \(number(run.settling.seconds, 0)) s after the first start, "
            + (report.isOverRTSP ? "over RTSP. " : "from memory. ")
            + "要求每 \(number(run.promise, 0)) 秒检测一次，关键帧间隔 \(number(run.keyInterval, 1)) 秒，启动 \(number(run.settling.seconds, 0)) 秒后开始测量，时长 \(number(run.seconds, 0)) 秒。"
    }

    private static func delayText(_ run: LiveRun) -> String {
        "Looks by the time from a picture's arrival to the end of its look; half within "
            + "\(optional(run.lookDelay.median, 3)) s, 95 % within \(optional(run.lookDelay.p95, 3)) s"
    }

    private static func tiles(_ run: LiveRun) -> String {
        let rate = Double(run.bytes) * 8 / 1e6 / max(run.seconds, 1e-3)
        let entries: [(String, String, String, String, Bool)] = [
            ("Cores used", "占用核数", number(run.coresUsed, 2), "\(number(run.coresPerCamera, 4)) each", false),
            ("Looks made", "检测次数", "\(run.looks)", "\(run.looksDue) due", false),
            ("Looks missed", "错过的检测次数", "\(run.looksMissed)", "of \(run.looksDue) due", run.looksMissed > 0),
            ("Blind", "未检测时长", "\(number(run.blindSeconds, 1)) s", "camera-seconds", run.blindSeconds > 0),
            (
                "Alert delay", "告警延迟", run.openingDelay.p95.map { "\(number($0, 2)) s" } ?? "–",
                run.alerts == 0 ? "no alerts" : "95 % of \(count(run.alerts, "alert"))", false
            ),
            (
                "Memory", "内存", "\(number(run.resident, 0)) MiB", "\(number(run.residentPerCamera, 1)) MiB each", false
            ),
            (
                "Received", "接收码率", "\(number(rate, rate < 100 ? 1 : 0)) Mb/s",
                "\(number(Double(run.bytes) / 1e6, 0)) MB", false
            ),
        ]
        return entries.map { en, zh, value, note, isBad in
            "<div class=\"tile\(isBad ? " bad" : "")\"><p class=\"label\">\(en) <span>\(zh)</span></p>"
                + "<p class=\"value\">\(value)</p><p class=\"note\">\(note)</p></div>"
        }.joined()
    }

    private static func card(_ en: String, _ zh: String, _ text: String, _ plot: String) -> String {
        "<section class=\"card\"><h2>\(en) <span>\(zh)</span></h2><p class=\"sub\">\(text)</p>\(plot)</section>"
    }

    private static func table(_ report: LiveReport) -> String {
        let head: [(String, String)] = [
            ("Cameras", "路数"), ("Cores", "核数"), ("Each", "单路核数"), ("Looks", "检测"), ("Missed", "错过"),
            ("Blind, s", "未检测"),
            ("Look p95, s", "延迟"), ("MiB", "内存"), ("Kept", "满足时限"),
        ]
        let rows = report.runs.sorted { $0.cameras < $1.cameras }.map { run in
            let cells = [
                "\(run.cameras)", number(run.coresUsed, 2), number(run.coresPerCamera, 4), "\(run.looks)",
                "\(run.looksMissed)", number(run.blindSeconds, 1), optional(run.lookDelay.p95, 3),
                number(run.resident, 0), run.isKept ? "yes 是" : "no 否",
            ]
            return "<tr\(run.isKept ? "" : " class=\"bad\"")>" + cells.map { "<td>\($0)</td>" }.joined() + "</tr>"
        }
        return "<section class=\"card\"><h2>All runs <span>全部测量</span></h2><div class=\"scroll\"><table><thead><tr>"
            + head.map { "<th>\($0.0)<span>\($0.1)</span></th>" }.joined() + "</tr></thead><tbody>" + rows.joined()
            + "</tbody></table></div></section>"
    }

    private static func faults(_ report: LiveReport) -> String {
        let lines = report.runs.flatMap { run in
            run.faults.map { "<li>\(run.cameras) cameras, at \($0.cameras) of them: \(escaped($0.what))</li>" }
        }
        guard !lines.isEmpty else { return "" }
        return "<section class=\"card\"><h2>Faults <span>故障</span></h2><ul>\(lines.joined())</ul></section>"
    }

    // MARK: Plots

    private static let width = 560.0
    private static let height = 250.0
    private static let frame = (left: 58.0, right: 14.0, top: 28.0, bottom: 40.0)
    private static var inner: (width: Double, height: Double) {
        (width - frame.left - frame.right, height - frame.top - frame.bottom)
    }

    private static func svg(_ title: String, _ body: String, height: Double = height) -> String {
        "<svg viewBox=\"0 0 \(number(width, 0)) \(number(height, 0))\" role=\"img\" aria-label=\"\(title)\">\(body)</svg>"
    }

    /// Lines and labels for 0…`most`, and the titles of the axes.
    private static func axes(
        most: Double, digits: Int, en: (x: String, y: String), zh: (x: String, y: String)
    ) -> String {
        var parts: [String] = []
        for step in 0...4 {
            let y = frame.top + inner.height * (1 - Double(step) / 4)
            parts.append(line(frame.left, y, width - frame.right, y, step == 0 ? "axis" : "rule"))
            parts.append(text(frame.left - 8, y + 4, number(most * Double(step) / 4, digits), "end"))
        }
        parts.append(text(width - frame.right, height - 6, "\(en.x) \(zh.x)", "end", "name"))
        parts.append(text(4, 10, "\(en.y) \(zh.y)", "start", "name"))
        return parts.joined()
    }

    /// One value of all runs by the number of cameras.
    ///
    /// - Parameter limit: the upper bound, with its name.
    private static func runsPlot(
        _ report: LiveReport, _ title: String, _ en: String, _ zh: String, limit: (at: Double, name: String)? = nil,
        _ value: (LiveRun) -> Double?
    ) -> String {
        let runs = report.runs.sorted { $0.cameras < $1.cameras }.compactMap { run in value(run).map { (run, $0) } }
        guard let least = runs.first?.0.cameras, let largest = runs.last?.0.cameras else { return nothing }
        let most = nice(max(limit?.at ?? 0, runs.map(\.1).max() ?? 0) * 1.1)
        // Logarithmic, like the search.
        func x(_ cameras: Int) -> Double {
            guard largest > least else { return frame.left + inner.width / 2 }
            let share = log(Double(cameras) / Double(least)) / log(Double(largest) / Double(least))
            return frame.left + 16 + (inner.width - 32) * share
        }
        func y(_ value: Double) -> Double { frame.top + inner.height * (1 - value / most) }
        var parts = [axes(most: most, digits: digits(most / 4), en: ("cameras", en), zh: ("路数", zh))]
        if let limit {
            parts.append(line(frame.left, y(limit.at), width - frame.right, y(limit.at), "limit"))
            parts.append(text(frame.left + 6, y(limit.at) - 5, limit.name, "start", "name"))
        }
        if runs.count > 1 {
            let path = runs.map { "\(number(x($0.0.cameras), 1)),\(number(y($0.1), 1))" }.joined(separator: " ")
            parts.append("<polyline class=\"line\" points=\"\(path)\"/>")
        }
        var free = -Double.infinity
        for (run, value) in runs {
            let (x, y) = (x(run.cameras), y(value))
            parts.append(
                "<circle class=\"\(run.isKept ? "dot" : "dot broken")\" cx=\"\(number(x, 1))\" cy=\"\(number(y, 1))\" "
                    + "r=\"5\"><title>\(run.cameras): \(number(value, 4))</title></circle>")
            if runs.count == 1 { parts.append(text(x + 10, y - 10, number(value, 4), "start", "strong")) }
            // Overlapping names are left out; the table has them all.
            guard x >= free else { continue }
            free = x + 34
            parts.append(text(x, height - 24, "\(run.cameras)", "middle"))
        }
        return svg(title, parts.joined()) + "<p class=\"legend\"><i class=\"dot\"></i>every promise kept 全部满足时限 "
            + "<i class=\"dot broken\"></i>not kept 未满足时限</p>"
    }

    private static let nothing = "<p class=\"sub\">No looks 无检测数据</p>"

    private static func costPlot(_ report: LiveReport) -> String {
        runsPlot(report, "cost of a camera by the number of cameras", "cores each", "单路核数", \.coresPerCamera)
    }

    private static func latenessPlot(_ report: LiveReport) -> String {
        let next = report.chosen.map { (at: $0.keyInterval, name: "next key frame 下一关键帧") }
        return runsPlot(report, "delay of looks by the number of cameras", "seconds", "秒", limit: next, \.lookDelay.p95)
    }

    private static func sharePlot(_ run: LiveRun) -> String {
        let parts: [(String, String, String, Double)] = [
            ("Receive and decode", "接收与解码", "a", run.shares.decode), ("Gate", "变化检测", "b", run.shares.gate),
            ("Detector", "目标检测", "c", run.shares.infer), ("Tracking and rules", "跟踪与规则", "d", run.shares.rest),
            ("Other", "其他", "e", run.shares.other),
        ]
        var body = ""
        var x = 0.0
        for (_, _, name, share) in parts {
            let part = share * width
            if part > 0 {
                body +=
                    "<rect class=\"s-\(name)\" x=\"\(number(x, 2))\" y=\"6\" width=\"\(number(max(0, part - 2), 2))\" height=\"40\" rx=\"3\"/>"
            }
            x += part
        }
        let rows = parts.enumerated().map { index, part in
            let y = 78 + Double(index) * 32
            let cores = part.3 * run.coresUsed / Double(max(1, run.cameras))
            return
                "<rect class=\"s-\(part.2)\" x=\"0\" y=\"\(number(y - 11, 0))\" width=\"14\" height=\"14\" rx=\"3\"/>"
                + text(24, y, "\(part.0) \(part.1)", "start", "row")
                + text(width - 150, y, "\(number(part.3 * 100, 1)) %", "end", "row strong")
                + text(width, y, "\(number(cores * 1000, 2)) ms/s each", "end", "row")
        }.joined()
        return svg("share of each stage", body + rows, height: 220)
    }

    private static func delayPlot(_ run: LiveRun) -> String {
        guard let longest = run.delays.max(), longest > 0 else { return nothing }
        // Up to the next key frame, or to the longest value.
        let span = nice(max(longest, 1e-3))
        let bins = 40
        var counts = [Int](repeating: 0, count: bins)
        for delay in run.delays { counts[min(bins - 1, max(0, Int(delay / span * Double(bins))))] += 1 }
        let most = nice(Double(max(4, counts.max() ?? 4)))
        var parts = [
            axes(
                most: most, digits: most.truncatingRemainder(dividingBy: 4) == 0 ? 0 : 1, en: ("seconds", "looks"),
                zh: ("秒", "次数"))
        ]
        let step = inner.width / Double(bins)
        for (index, count) in counts.enumerated() where count > 0 {
            let tall = inner.height * Double(count) / most
            parts.append(
                "<rect class=\"bar\" x=\"\(number(frame.left + Double(index) * step + 0.5, 2))\" "
                    + "y=\"\(number(frame.top + inner.height - tall, 2))\" width=\"\(number(step - 1, 2))\" "
                    + "height=\"\(number(tall, 2))\"/>")
        }
        for step in 0...4 {
            let x = frame.left + inner.width * Double(step) / 4
            parts.append(text(x, height - 24, number(span * Double(step) / 4, digits(span / 4)), "middle"))
        }
        for (value, name) in [(run.lookDelay.median, "50 %"), (run.lookDelay.p95, "95 %")] {
            guard let value else { continue }
            let x = frame.left + inner.width * min(1, value / span)
            parts.append(line(x, frame.top, x, frame.top + inner.height, "mark"))
            let isRight = x > width - 80
            parts.append(
                text(
                    isRight ? x - 5 : x + 5, frame.top + (name == "50 %" ? 10 : 24), name, isRight ? "end" : "start",
                    "strong"))
        }
        if run.keyInterval <= span {
            let x = frame.left + inner.width * run.keyInterval / span
            parts.append(line(x, frame.top, x, frame.top + inner.height, "limit"))
            parts.append(text(x - 5, frame.top + 38, "next key frame 下一关键帧", "end", "name"))
        }
        return svg("distribution of the delay of looks", parts.joined())
    }

    /// The end of an axis with round quarters.
    static func nice(_ value: Double) -> Double {
        guard value > 0, value.isFinite else { return 1 }
        let power = pow(10, log10(value).rounded(.down))
        return ([1.2, 1.6, 2, 2.4, 3.2, 4, 6, 8].first { $0 * power >= value * 0.999_999 } ?? 12) * power
    }

    /// Digits that distinguish steps of this size.
    private static func digits(_ step: Double) -> Int { max(0, Int((-log10(max(step, 1e-6))).rounded(.up)) + 1) }

    // MARK: Parts

    private static func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ name: String) -> String {
        "<line class=\"\(name)\" x1=\"\(number(x1, 1))\" y1=\"\(number(y1, 1))\" x2=\"\(number(x2, 1))\" y2=\"\(number(y2, 1))\"/>"
    }

    private static func text(_ x: Double, _ y: Double, _ text: String, _ anchor: String, _ name: String = "") -> String
    {
        "<text\(name.isEmpty ? "" : " class=\"\(name)\"") x=\"\(number(x, 1))\" y=\"\(number(y, 1))\" "
            + "text-anchor=\"\(anchor)\">\(escaped(text))</text>"
    }

    private static func optional(_ value: Double?, _ digits: Int) -> String { value.map { number($0, digits) } ?? "–" }

    private static func number(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }

    static func escaped(_ text: String) -> String {
        text.replacing("&", with: "&amp;").replacing("<", with: "&lt;").replacing(">", with: "&gt;")
            .replacing("\"", with: "&quot;")
    }

    private static let style = """
        :root { color-scheme: light dark; --page: #f6f7f9; --card: #ffffff; --ink: #16202c; --soft: #5c6b7a; \
        --line: #dfe4ea; --a: #2f6fed; --b: #14a3a3; --c: #e2892b; --d: #8a63d2; --e: #9aa7b4; --bad: #c8323a; }
        @media (prefers-color-scheme: dark) { :root { --page: #0f1419; --card: #182029; --ink: #e8edf2; \
        --soft: #93a2b1; --line: #2b3641; --a: #6a9bff; --b: #3cc6c0; --c: #f0a552; --d: #b194f0; --e: #71808f; \
        --bad: #ff7078; } }
        * { box-sizing: border-box; }
        body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.5 system-ui, -apple-system, \
        "Segoe UI", "Noto Sans", "Noto Sans CJK SC", "WenQuanYi Micro Hei", sans-serif; \
        font-variant-numeric: tabular-nums; }
        main { max-width: 1180px; margin: 0 auto; padding: 40px 24px 32px; }
        h1 { margin: 4px 0 6px; font-size: 32px; line-height: 1.2; letter-spacing: -0.02em; }
        h1 span { display: block; font-size: 19px; font-weight: 500; color: var(--soft); letter-spacing: 0; }
        h2 { margin: 0; font-size: 17px; } h2 span, .label span { font-weight: 400; color: var(--soft); }
        h2 span { margin-left: 6px; } .label span { display: block; }
        .eyebrow { margin: 0; font-size: 13px; color: var(--soft); } .sub { margin: 2px 0 14px; color: var(--soft); }
        .tiles { display: grid; grid-template-columns: repeat(auto-fit, minmax(146px, 1fr)); gap: 12px; margin: 22px 0 16px; }
        .tile, .card { background: var(--card); border: 1px solid var(--line); border-radius: 12px; }
        .tile { padding: 12px 14px; } .tile p { margin: 0; } .label { font-size: 13px; }
        .value { font-size: 22px; font-weight: 650; letter-spacing: -0.01em; white-space: nowrap; }
        .note { font-size: 13px; color: var(--soft); } .tile.bad .value, tr.bad td:last-child { color: var(--bad); }
        .card { padding: 18px 20px; margin-bottom: 16px; }
        .grid { display: grid; grid-template-columns: repeat(auto-fit, minmax(420px, 1fr)); gap: 0 16px; }
        svg { display: block; width: 100%; height: auto; overflow: visible; }
        svg text { font-size: 12px; fill: var(--soft); } svg text.strong { fill: var(--ink); font-weight: 650; }
        svg text.row { font-size: 15px; fill: var(--ink); } svg text.name { font-size: 11.5px; }
        .axis { stroke: var(--soft); } .rule { stroke: var(--line); } .bar { fill: var(--a); }
        .line { fill: none; stroke: var(--a); stroke-width: 2; } .mark { stroke: var(--ink); stroke-dasharray: 3 3; }
        .limit { stroke: var(--bad); } circle.dot { fill: var(--a); } circle.broken { fill: var(--card); stroke: var(--bad); stroke-width: 2; }
        .s-a { fill: var(--a); } .s-b { fill: var(--b); } .s-c { fill: var(--c); } .s-d { fill: var(--d); } .s-e { fill: var(--e); }
        .legend { margin: 6px 0 0; font-size: 13px; color: var(--soft); } .legend i { display: inline-block; width: 10px; \
        height: 10px; border-radius: 50%; margin: 0 6px 0 0; background: var(--a); } .legend i.broken { margin-left: 14px; \
        background: none; border: 2px solid var(--bad); }
        .scroll { overflow-x: auto; } table { width: 100%; border-collapse: collapse; margin-top: 8px; }
        th, td { text-align: right; padding: 7px 10px; border-bottom: 1px solid var(--line); white-space: nowrap; }
        th { font-size: 13px; font-weight: 600; } th span { display: block; font-weight: 400; color: var(--soft); }
        th:first-child, td:first-child { text-align: left; } tbody tr:last-child td { border-bottom: 0; }
        ul { margin: 8px 0 0; padding-left: 20px; } footer { color: var(--soft); font-size: 13px; }
        @media (max-width: 520px) { main { padding: 24px 14px; } h1 { font-size: 25px; } .grid { grid-template-columns: 1fr; } }
        """
}
