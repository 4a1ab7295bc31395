import CAssets

/// The files that the program carries in itself, so that it is one file to deploy.
enum Assets {
    static var integrationsYAML: String {
        unsafe text(casset_integrations_yaml_start(), casset_integrations_yaml_length)
    }

    static var countersignYAML: String {
        unsafe text(casset_countersign_yaml_start(), casset_countersign_yaml_length)
    }

    /// Safe: pointer and length are of one constant array of the program.
    private static func text(_ start: UnsafePointer<UInt8>, _ count: Int) -> String {
        unsafe String(decoding: UnsafeBufferPointer(start: start, count: count), as: UTF8.self)
    }
}
