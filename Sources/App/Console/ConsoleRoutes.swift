import HTTPTypes

/// The web console: one page and the files that it loads. A browser asks each time whether a file
/// has changed, so that a new release is there at once and an old one is never half of it.
struct ConsoleRoutes: Sendable {
    /// The folders that the page loads from, as paths of the table.
    private static let folders = [
        "/css/{file}", "/js/{file}", "/js/pages/{file}", "/js/parts/{file}",
    ]

    var endpoints: [Endpoint] {
        [
            single("/", "The web console", "text/html; charset=utf-8"),
            single("/icon.svg", "The console's icon", "image/svg+xml"),
        ] + Self.folders.map { folder($0) }
    }

    private func single(_ path: String, _ summary: String, _ type: String) -> Endpoint {
        Endpoint(
            .get, path, summary, access: .anyone, response: .text(contentType: type)
        ) { call throws(APIError) in try Self.answer(path, to: call) }
    }

    private func folder(_ pattern: String) -> Endpoint {
        let base = pattern.prefix { $0 != "{" }
        let isScript = pattern.hasPrefix("/js")
        return Endpoint(
            .get, pattern, "A file of the console", access: .anyone,
            response: .text(contentType: isScript ? "text/javascript" : "text/css"),
            errors: [.notFound]
        ) { call throws(APIError) in try Self.answer(base + call.parameter("file"), to: call) }
    }

    private static func answer(
        _ path: some StringProtocol, to call: Call
    ) throws(APIError) -> Reply {
        guard let file = ConsoleFile.all[String(path)] else { throw APIError(.notFound) }
        return Reply(
            .ok, .raw(file.content, contentType: file.contentType),
            headers: [.cacheControl: "no-cache"]
        ).unlessKnown(to: call)
    }
}
