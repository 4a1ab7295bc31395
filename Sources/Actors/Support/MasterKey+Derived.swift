package import Crypto

extension MasterKey {
    /// A key for one purpose that all servers with this master key have, and that says nothing
    /// about it (HKDF, RFC 5869).
    package func derived(for purpose: String) -> Redacted<SymmetricKey> {
        Redacted(
            HKDF<SHA256>.deriveKey(
                inputKeyMaterial: key.value, info: Array("countersign \(purpose)".utf8),
                outputByteCount: SHA256.byteCount))
    }
}
