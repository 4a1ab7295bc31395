import Actors
import ArgumentParser
import Foundation
import Persistence

struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Explain what is wrong with an installation, and what to do next.",
        discussion: """
            Looks at the configuration, the key, permissions, the lock, disk room, the manifest, \
            the log and the snapshots, and says what a start would do. Nothing is changed. The \
            exit code is the one that a start would end with.

            Of a server in a cluster it looks at the NATS servers and the streams instead. Whether \
            they sync what they write, only their monitoring endpoints say.

            --salvage makes a new directory from what can be proven of a damaged one. It first \
            says exactly what would be lost, and does it only with --yes. The damaged directory \
            is never changed.
            """)

    @OptionGroup var data: DataOptions
    @Flag(help: "Answer in JSON.")
    var json = false
    @Flag(help: "Show what can be saved of a damaged directory; with --yes, save it.")
    var salvage = false
    @Option(help: "The new directory that --salvage makes.")
    var to: String?
    @Flag(help: "Do what --salvage has shown.")
    var yes = false
    @Option(help: "Monitoring addresses of NATS servers: http://nats-1.internal:8222,…")
    var monitor: String?

    func validate() throws {
        guard salvage == (to != nil) else {
            throw ValidationError("--salvage and --to NEWDIR belong together.")
        }
        guard salvage || !yes else { throw ValidationError("--yes belongs to --salvage.") }
    }

    func run() async throws {
        let environment = ProcessInfo.processInfo.environment
        var settings: Settings?
        var problem: SettingsError?
        do throws(SettingsError) {
            settings = try Settings.load(
                config: data.config, flags: data.values, environment: environment
            ).settings
        } catch {
            problem = error
        }
        let path = data.dataDir ?? settings?.dataDirectory ?? Settings().dataDirectory
        if let to {
            return try salvage(path, to: to, segmentBytes: (settings ?? Settings()).logSegmentBytes)
        }
        let doctor = Doctor(
            directory: path, settings: settings, environment: environment,
            fileSystem: POSIXFileSystem())
        let diagnosis =
            if let settings, settings.cluster.isOn {
                await examineCluster(settings, doctor)
            } else {
                doctor.examine(configuration: problem)
            }
        print(json ? OperatorReply.done(diagnosis.json, "").json : diagnosis.text)
        if diagnosis.status != .success { throw ExitCode(diagnosis.status.rawValue) }
    }

    /// Its data directory has no data.
    private func examineCluster(_ settings: Settings, _ doctor: Doctor) async -> Diagnosis {
        let (diagnosis, keys) = doctor.examineSettings(nil)
        let monitors = (monitor ?? "").split(separator: ",").map(String.init)
        let probe = ClusterProbe(settings: settings, keys: keys, monitors: monitors)
        return ClusterDiagnosis(await probe.facts(), after: diagnosis).diagnosis
    }

    private func salvage(_ path: String, to: String, segmentBytes: Int) throws {
        let disk = POSIXFileSystem()
        let salvage: Salvage
        do {
            guard try !Verification(path, in: disk, decoder: .everything).isWhole else {
                throw OperatorRefusal(text: "\(path) is whole: there is nothing to salvage.")
            }
            salvage = try Salvage(path, in: disk, decoder: .everything)
        } catch let error as StorageError {
            throw OperatorFailure(reading: error, in: path)
        }
        print(SalvageReport(salvage: salvage, path: path).text)
        guard yes else {
            print("Nothing has been written. With --yes this goes to \(to).")
            return
        }
        let name = TraceID(random: SystemRandomSource())
        try salvage.write(
            to: to, segmentBytes: segmentBytes, id: DirectoryID(high: name.high, low: name.low))
        let verification = try Verification(to, in: disk, decoder: .everything)
        guard verification.isWhole else {
            throw OperatorFailure(
                status: .corruptData, text: "What was written to \(to) can't be read back.")
        }
        print(
            "Written and verified: \(to). \(path) is unchanged; keep it until you are sure. Start "
                + "with --data-dir \(to) and the same APP_ENC_KEY.")
    }
}
