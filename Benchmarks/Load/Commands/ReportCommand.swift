import ArgumentParser
import Foundation
import LoadCore

/// Draws the report of results that were kept as JSON.
struct ReportCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "report", abstract: "Makes the HTML report of a JSON file of results.")

    @Argument(help: "What --json wrote.")
    var results: String
    @Argument(help: "The report's file.")
    var html: String

    func run() async throws {
        let result: RunResult
        do {
            let data = try Data(contentsOf: URL(filePath: results))
            result = try JSONDecoder().decode(RunResult.self, from: data)
        } catch {
            throw ValidationError("\(results) is no file of results: \(error)")
        }
        try Output.write(ReportPage(result).html, to: html)
    }
}
