import ArgumentParser

/// What can be asked for on the command line.
enum ScenarioName: String, CaseIterable, ExpressibleByArgument {
    case session
    case logins
    case loginsSecondFactor = "logins-2fa"
    case events
    case ingest
    case gateway
    case streams
    case mixed
    case url

    static let list = allCases.map(\.rawValue).joined(separator: ", ")

    private static let weightMax = 10_000

    /// The scenarios and weights that a name stands for.
    static func mix(_ name: ScenarioName, _ text: String) throws
        -> [(name: ScenarioName, weight: Int)]
    {
        guard name == .mixed else { return [(name, 1)] }
        let mix = try text.split(separator: ",").map { pair in
            let parts = pair.split(separator: "=")
            guard parts.count == 2, let name = ScenarioName(rawValue: String(parts[0])),
                let weight = Int(parts[1]), (1...weightMax).contains(weight), name != .mixed,
                name != .url
            else {
                throw ValidationError("--mix takes name=weight,… of scenarios, not \(pair).")
            }
            return (name: name, weight: weight)
        }
        guard !mix.isEmpty, Set(mix.map(\.name)).count == mix.count else {
            throw ValidationError("--mix takes each scenario once.")
        }
        return mix
    }
}
