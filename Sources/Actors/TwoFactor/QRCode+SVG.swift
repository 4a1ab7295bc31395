extension QRCode {
    /// The symbol as a standalone SVG 1.1 image: a white ground and one black path.
    ///
    /// It has no script and no style, so that it may stand in a page whose Content-Security-Policy
    /// allows neither, and a white ground of its own, because scanners need dark on light also
    /// where the page is dark. One unit is one module; the page decides how large it is shown.
    ///
    /// - Parameter quietZoneModules: the light border. ISO/IEC 18004:2015 §6.3.8 asks for four.
    package func svg(quietZoneModules: Int = 4) -> String {
        precondition((0...quietZoneModulesMax).contains(quietZoneModules))
        let side = size + 2 * quietZoneModules
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(side) \(side)" role="img" \
            aria-label="QR code" shape-rendering="crispEdges">\
            <rect width="\(side)" height="\(side)" fill="#fff"/>\
            <path fill="#000" d="\(path(offset: quietZoneModules))"/></svg>
            """
    }

    private var quietZoneModulesMax: Int { 64 }

    /// One closed rectangle for each horizontal run of dark modules.
    private func path(offset: Int) -> String {
        var path = ""
        for row in 0..<size {
            var column = 0
            while column < size {
                guard isDark(row, column) else {
                    column += 1
                    continue
                }
                let start = column
                while column < size, isDark(row, column) { column += 1 }
                path += "M\(start + offset) \(row + offset)h\(column - start)v1h-\(column - start)z"
            }
        }
        return path
    }
}
