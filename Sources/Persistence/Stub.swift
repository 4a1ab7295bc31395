package struct SnapshotFile: Sendable {}
