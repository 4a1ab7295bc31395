/// A chart as inline SVG. Colours are classes: the page's style has them for light and dark.
struct Chart {
    let title: String
    let caption: String
    let x: Axis
    let y: Axis
    var lines: [Line] = []
    var dots: [Dot] = []
    var levels: [Level] = []

    struct Line {
        let name: String
        /// 1…6, as in the style.
        let colour: Int
        let points: [(x: Double, y: Double)]
        var isFilled = false
        var isDashed = false
    }

    struct Dot {
        let x: Double
        let y: Double
        let isGood: Bool
        /// Shown when pointed at.
        let note: String
    }

    /// A horizontal line at a value that matters.
    struct Level {
        let y: Double
        let label: String
    }

    // In units of the drawing, about one pixel on a desk and three quarters of one on a phone.
    private static let width = 520.0
    private static let height = 300.0
    private static let left = 64.0
    private static let right = 16.0
    private static let top = 14.0
    private static let bottom = 44.0

    var html: String {
        """
        <figure class="chart">
        <figcaption><h3>\(Markup.escaped(title))</h3><p>\(Markup.escaped(caption))</p></figcaption>
        \(legend)
        <svg viewBox="0 0 \(Markup.number(Self.width)) \(Markup.number(Self.height))" role="img" \
        aria-label="\(Markup.escaped(title))">
        \(grid)
        \(lines.map(drawn).joined(separator: "\n"))
        \(levels.enumerated().map(drawn).joined(separator: "\n"))
        \(dots.map(drawn).joined(separator: "\n"))
        </svg>
        </figure>

        """
    }

    private var legend: String {
        guard lines.count > 1 || lines.contains(where: \.isDashed) else { return "" }
        let items = lines.map {
            "<li><i class=\"c\($0.colour)\($0.isDashed ? " dashed" : "")\"></i>"
                + Markup.escaped($0.name) + "</li>"
        }
        return "<ul class=\"legend\">\(items.joined())</ul>"
    }

    // MARK: Drawing

    private func across(_ value: Double) -> Double {
        Self.left + x.position(value) * (Self.width - Self.left - Self.right)
    }

    private func down(_ value: Double) -> Double {
        Self.height - Self.bottom - y.position(value) * (Self.height - Self.top - Self.bottom)
    }

    private var grid: String {
        let low = Self.height - Self.bottom
        let edge = Self.width - Self.right
        let rows = y.ticks.map { tick in
            let at = down(tick.value)
            return line(Self.left, at, edge, at, "grid")
                + text(Self.left - 8, at + 4, tick.label, "end")
        }
        let columns = x.ticks.map { tick in
            let at = across(tick.value)
            // Long labels at the very end would be cut off.
            let isLast = x.position(tick.value) > 0.96 && tick.label.count > 2
            return line(at, low, at, low + 5, "axis")
                + text(isLast ? edge + 8 : at, low + 20, tick.label, isLast ? "end" : "middle")
        }
        let titles =
            text(edge, Self.height - 4, x.title, "end", "name")
            + text(Self.left - 56, Self.height - 4, "↑ " + y.title, "start", "name")
        return (rows + columns).joined(separator: "\n") + titles
            + line(Self.left, low, edge, low, "axis")
    }

    private func drawn(_ number: Int, _ level: Level) -> String {
        let at = down(level.y)
        // Levels may be close together: their labels take turns between the sides.
        let edge = Self.width - Self.right
        let label =
            number.isMultiple(of: 2)
            ? text(edge - 4, at - 4, level.label, "end", "note")
            : text(edge - 110, at - 4, level.label, "end", "note")
        return line(Self.left, at, edge, at, "level") + label
    }

    private func drawn(_ line: Line) -> String {
        let points = line.points.map {
            Markup.number(across($0.x)) + "," + Markup.number(down($0.y))
        }
        guard let first = line.points.first, let last = line.points.last else { return "" }
        let style = "c\(line.colour)\(line.isDashed ? " dashed" : "")"
        var shapes = ""
        if line.isFilled {
            let floor = Markup.number(Self.height - Self.bottom)
            let corners =
                ["\(Markup.number(across(first.x))),\(floor)"] + points
                + ["\(Markup.number(across(last.x))),\(floor)"]
            shapes +=
                "<polygon class=\"\(style) fill\" points=\""
                + corners.joined(separator: " ") + "\"/>"
        }
        return shapes + "<polyline class=\"\(style)\" points=\"\(points.joined(separator: " "))\">"
            + "<title>\(Markup.escaped(line.name))</title></polyline>"
    }

    private func drawn(_ dot: Dot) -> String {
        "<circle class=\"\(dot.isGood ? "good" : "bad")\" cx=\"\(Markup.number(across(dot.x)))\" "
            + "cy=\"\(Markup.number(down(dot.y)))\" r=\"5\">"
            + "<title>\(Markup.escaped(dot.note))</title></circle>"
    }

    private func line(
        _ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String
    ) -> String {
        "<line class=\"\(style)\" x1=\"\(Markup.number(x1))\" y1=\"\(Markup.number(y1))\" "
            + "x2=\"\(Markup.number(x2))\" y2=\"\(Markup.number(y2))\"/>"
    }

    private func text(
        _ x: Double, _ y: Double, _ text: String, _ anchor: String, _ style: String = "tick"
    ) -> String {
        "<text class=\"\(style)\" x=\"\(Markup.number(x))\" y=\"\(Markup.number(y))\" "
            + "text-anchor=\"\(anchor)\">\(Markup.escaped(text))</text>"
    }
}

/// Text within HTML.
enum Markup {
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    /// A coordinate.
    static func number(_ value: Double) -> String { Figure.fixed(value, places: 1) }
}
