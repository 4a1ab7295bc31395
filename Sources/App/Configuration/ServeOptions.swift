import ArgumentParser

/// The flags that `serve` and the commands beside it share. Their values go through the same table
/// as everything else, so they are text here.
struct ServeOptions: ParsableArguments {
    @Option(help: "The YAML file with the settings.")
    var config: String?
    @Option(help: "The address to listen on (default 127.0.0.1).")
    var host: String?
    @Option(help: "The port; 0 picks a free one (default 8080).")
    var port: String?
    @Option(help: "The data directory (default ./data).")
    var dataDir: String?
    @Option(help: "A catalogue of integrations instead of the built-in one.")
    var integrations: String?
    @Option(help: "PEM file with the certificate.")
    var tlsCert: String?
    @Option(help: "PEM file with the certificate's key.")
    var tlsKey: String?
    @Option(help: "trace, debug, info, notice, warning, error or critical (default info).")
    var logLevel: String?
    @Flag(help: "Providers may be on loopback or private addresses.")
    var allowPrivateUpstreams = false

    /// Values by flag, as they were given.
    var values: [String: String] {
        var values: [String: String] = [:]
        values["--host"] = host
        values["--port"] = port
        values["--data-dir"] = dataDir
        values["--integrations"] = integrations
        values["--tls-cert"] = tlsCert
        values["--tls-key"] = tlsKey
        values["--log-level"] = logLevel
        if allowPrivateUpstreams { values["--allow-private-upstreams"] = "true" }
        return values
    }
}

/// The flags of commands that only need to find the data.
struct DataOptions: ParsableArguments {
    @Option(help: "The YAML file with the settings.")
    var config: String?
    @Option(help: "The data directory (default ./data).")
    var dataDir: String?

    var values: [String: String] {
        var values: [String: String] = [:]
        values["--data-dir"] = dataDir
        return values
    }
}
