/// Every key that a catalogue may have, by the mapping that it stands in. What each one means is
/// told to people in the comment at the top of config/integrations.yaml; a test holds the two
/// together.
enum CatalogKey {
    enum Top: String, CatalogKeys {
        case version
        case integrations
    }

    enum Entry: String, CatalogKeys {
        case id
        case name
        case about
        case category
        case baseURL = "base_url"
        case keyURL = "key_url"
        case env
        case credentialsIn = "credentials_in"
        case credentialsOut = "credentials_out"
        case droppedHeaders = "dropped_headers"
        case droppedQuery = "dropped_query"
        case defaultHeaders = "default_headers"
        case account
        case routes
        case repeatable
        case probe
        case limits
        case answers
        case errors
        case sdks
    }

    enum Variable: String, CatalogKeys {
        case name
        case alternatives
        case kind
        case about
    }

    enum Slot: String, CatalogKeys {
        case header
        case query
        case authorization
    }

    enum Target: String, CatalogKeys {
        case bearer
        case header
        case query
        case basicUser = "basic_user"
        case basicPassword = "basic_password"
        case variable
    }

    enum Account: String, CatalogKeys {
        case after
        case variable
    }

    enum Probe: String, CatalogKeys {
        case path
        case acceptedStatuses = "accepted_statuses"
        case costly
    }

    enum Limits: String, CatalogKeys {
        case requestBytesMax = "request_bytes_max"
        case connectSeconds = "connect_seconds"
        case tlsSeconds = "tls_seconds"
        case firstByteSeconds = "first_byte_seconds"
        case idleSeconds = "idle_seconds"
    }

    enum Answers: String, CatalogKeys {
        case requestIDHeader = "request_id_header"
        case requestIDPath = "request_id_path"
        case errorCodePaths = "error_code_paths"
        case errorMessagePaths = "error_message_paths"
        case units
        case stream
        case rateLimits = "rate_limits"
    }

    enum Stream: String, CatalogKeys {
        case doneData = "done_data"
        case doneTypes = "done_types"
        case errorTypes = "error_types"
    }

    enum RateLimit: String, CatalogKeys {
        case name
        case limit
        case remaining
        case reset
    }

    enum Rule: String, CatalogKeys {
        case statuses
        case codes
        case messageContains = "message_contains"
        case errorCode = "error_code"
        case fault
        case suggestedFix = "suggested_fix"
    }

    enum SDK: String, CatalogKeys {
        case language
        case package
        case lines
    }

    /// For the test that looks for each of them in the file's comment.
    static var all: Set<String> {
        var names: Set<String> = []
        func add<Keys: CatalogKeys>(_ keys: Keys.Type) {
            names.formUnion(keys.allCases.map(\.rawValue))
        }
        add(Top.self)
        add(Entry.self)
        add(Variable.self)
        add(Slot.self)
        add(Target.self)
        add(Account.self)
        add(Probe.self)
        add(Limits.self)
        add(Answers.self)
        add(Stream.self)
        add(RateLimit.self)
        add(Rule.self)
        add(SDK.self)
        return names
    }
}
