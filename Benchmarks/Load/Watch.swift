import Foundation
import LoadCore

/// Reads what the kernel tells of the machine and of the server's process, before and after.
struct Watch {
    private let serverProcess: Int32?
    private var first = Reading()
    private var last = Reading()

    private struct Reading {
        var busyTicks = 0.0
        var allTicks = 0.0
        var serverSeconds = 0.0
        var serverMegabytes = 0.0
    }

    init(server: Int32?) { serverProcess = server }

    mutating func begin() { first = read() }
    mutating func end() { last = read() }

    var machineBusyShare: Double {
        let all = last.allTicks - first.allTicks
        return all > 0 ? (last.busyTicks - first.busyTicks) / all : 0
    }

    func server(requests: Int) -> ServerResult? {
        guard serverProcess != nil else { return nil }
        let seconds = last.serverSeconds - first.serverSeconds
        return ServerResult(
            processorSeconds: seconds,
            processorMicrosecondsPerRequest: seconds * 1e6 / Double(max(1, requests)),
            residentMegabytes: last.serverMegabytes)
    }

    private func read() -> Reading {
        var reading = Reading()
        // proc_stat(5): user nice system idle iowait irq softirq steal, the first four always.
        let machine = Host.text("/proc/stat").prefix { $0 != "\n" }.split(separator: " ")
            .dropFirst()
            .prefix(8).compactMap { Double($0) }
        reading.allTicks = machine.reduce(0, +)
        reading.busyTicks = reading.allTicks - machine.dropFirst(3).prefix(2).reduce(0, +)
        guard let serverProcess else { return reading }
        // Fields 14 and 15 of proc_pid_stat(5), counted behind the name, which may have blanks.
        let fields =
            Host.text("/proc/\(serverProcess)/stat").split(separator: ")").last?
            .split(separator: " ").map { Double($0) ?? 0 } ?? []
        if fields.count > 12 {
            reading.serverSeconds = (fields[11] + fields[12]) / ProcessorTime.ticksPerSecond
        }
        let resident = Host.value(of: "VmRSS", in: "/proc/\(serverProcess)/status")
        reading.serverMegabytes = (Double(resident) ?? 0) / 1024
        return reading
    }
}

/// The machine that the load is made on.
enum Host {
    static let cores = ProcessInfo.processInfo.activeProcessorCount

    static var machine: Machine {
        Machine(
            processor: value(of: "model name", in: "/proc/cpuinfo", wholeLine: true),
            cores: cores,
            kernel: text("/proc/sys/kernel/osrelease").trimmingCharacters(in: .newlines),
            memoryMegabytes: (Int(value(of: "MemTotal", in: "/proc/meminfo")) ?? 0) / 1024)
    }

    static func text(_ path: String) -> String {
        (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    }

    /// The value in a line `name: value unit`.
    static func value(of name: String, in path: String, wholeLine: Bool = false) -> String {
        for line in text(path).split(separator: "\n") where line.hasPrefix(name) {
            let value = line.drop { $0 != ":" }.dropFirst().trimmingCharacters(in: .whitespaces)
            return wholeLine ? value : String(value.prefix { $0 != " " })
        }
        return ""
    }
}
