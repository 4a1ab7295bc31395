import Actors
import Yams

// An entry of the catalogue as it stands in the file.

extension IntegrationEntry {
    init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        var place = place
        place.entry = node.mapping?[CatalogKey.Entry.id.rawValue]?.string
        let members = try CatalogMapping<CatalogKey.Entry>(node, place)
        let id = try members.text(.id, "1–32 lower-case letters, digits and dashes") {
            $0.wholeMatch(of: /[a-z][a-z0-9-]{0,31}/) != nil
        }
        self.id = IntegrationID(id)
        name = try members.text(.name, "1–64 characters") { (1...64).contains($0.count) }
        about = try members.text(.about, "a sentence of 1–200 characters") {
            (1...200).contains($0.count)
        }
        category = try members.choice(.category, of: Category.self)
        baseURL = try members.text(.baseURL, "an https origin without a path") {
            $0.hasPrefix("https://") && URLText.isOrigin($0)
        }
        keyURL = try members.text(.keyURL, "an https URL") {
            $0.hasPrefix("https://") && !$0.contains(" ")
        }
        _ = try members.required(.env)
        var variables: [CredentialVariable] = []
        for node in try members.list(.env) {
            variables.append(try CredentialVariable(node, members.place.within("env")))
        }
        let names = variables.flatMap(\.names)
        guard Set(names).count == names.count else {
            throw members.error(.env, "names a variable twice")
        }
        self.variables = variables
        calls = try CallScheme(members, variables: variables.map(\.name))
        var sdks: [SDKGuide] = []
        for node in try members.list(.sdks) {
            sdks.append(try SDKGuide(node, members.place.within("sdks")))
        }
        self.sdks = sdks
    }
}

extension CredentialVariable {
    fileprivate init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.Variable>(node, place)
        let allowed = "upper-case letters, digits and underscores"
        name = try members.text(.name, allowed, Self.isName)
        alternatives = try members.list(.alternatives, of: "variable names: \(allowed)") {
            Self.isName($0) ? $0 : nil
        }
        kind = try members.choice(.kind, of: Kind.self)
        about = try members.text(.about, "1–80 characters") { (1...80).contains($0.count) }
    }

    private static func isName(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Z][A-Z0-9_]{0,63}/) != nil
    }
}

extension SDKGuide {
    fileprivate init(_ node: Node, _ place: CatalogPlace) throws(CatalogError) {
        let members = try CatalogMapping<CatalogKey.SDK>(node, place)
        language = try members.choice(.language, of: Language.self)
        package = try members.text(.package, "1–80 characters") { (1...80).contains($0.count) }
        let text = try members.text(.lines, "1–12 lines, one of them with BASE in it") {
            $0.contains("BASE") && $0.split(separator: "\n").count <= 12
        }
        lines = text.split(separator: "\n").map(String.init)
    }
}
