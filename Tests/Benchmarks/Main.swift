// Measures scans of repositories on disk: the floor (unpacking alone), the scan, the ratio of the two.
//
//   benchmarks [--threads N] [--full-scan] [--rules DIR] REPOSITORY...
//   benchmarks --plant N [--seed S]        plants N generated secrets in a generated repository and counts those found
//   benchmarks --generate DIRECTORY        makes a small repository, the same each time
//   benchmarks --workload NAME REPOSITORY  does one thing once, for counting its instructions: see `instructions`
//   benchmarks --hook KEYWRIGHT

import Foundation
import Git
import Matching
import Model
import RuleBook
import Scanning

/// Unpacks and counts.
struct Floor: ObjectVisitor {
  var objects = 0
  var bytes = 0
  mutating func visit(_ object: StoredObject, _ content: Span<UInt8>, delta: DeltaRuns?, parent: NoState?) -> NoState? {
    objects += 1
    bytes += content.count
    return nil
  }
  mutating func failed(_ failure: ObjectFailure) {}
}

/// Processor seconds, wall seconds and peak anonymous kB of a piece of work.
func measure<R>(_ work: () throws -> R) rethrows -> (result: R, cpu: Double, wall: Double) {
  func cpu() -> Double {
    var usage = rusage()
    _ = unsafe getrusage(0, &usage)
    func seconds(_ time: timeval) -> Double { Double(time.tv_sec) + Double(time.tv_usec) / 1e6 }
    return seconds(usage.ru_utime) + seconds(usage.ru_stime)
  }
  let (start, began) = (cpu(), Date())
  let result = try work()
  return (result, cpu() - start, Date().timeIntervalSince(began))
}

func anonymous() -> Int {
  let text = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
  let line = text.split(separator: "\n").first { $0.hasPrefix("RssAnon") } ?? ""
  return Int(line.split(separator: " ").dropLast().last ?? "") ?? 0
}

func rules(_ directory: String) throws -> [Rule] {
  let files = try FileManager.default.contentsOfDirectory(atPath: directory).filter { $0.hasSuffix(".toml") }.sorted()
  let providers = try files.compactMap { name -> Provider? in
    let bytes = Array(try Data(contentsOf: URL(filePath: directory + "/" + name)))
    return try? ProviderFile.parse(bytes, name: name)
  }
  print("\(providers.count) of \(files.count) rule files")
  return RuleBook(providers).rules
}

@main
enum Benchmarks {
  static func main() throws {
    var arguments = Array(CommandLine.arguments.dropFirst())
    if arguments.first == "--hook" { return try HookBenchmark.run(Array(arguments.dropFirst())) }
    var options = ScanOptions()
    var directory = "Rules"
    var stages = false
    var (plants, seed) = (0, UInt64(1))
    var workload: String?
    while let first = arguments.first, first.hasPrefix("--") {
      arguments.removeFirst()
      switch first {
      case "--threads": options.threads = Int(arguments.removeFirst()) ?? 1
      case "--rules": directory = arguments.removeFirst()
      case "--stages": stages = true
      case "--full-scan": options.isFull = true
      case "--plant": plants = Int(arguments.removeFirst()) ?? 0
      case "--seed": seed = UInt64(arguments.removeFirst()) ?? 1
      case "--generate": return try GeneratedHistory(seed: 7).write(to: arguments.removeFirst())
      case "--workload": workload = arguments.removeFirst()
      default: fatalError("unknown option \(first)")
      }
    }
    let program = MatcherProgram(try rules(directory))
    if let workload { return try Workload.run(workload, arguments.removeFirst(), program) }
    print("\(program.rules.count) rules, \(options.threads) threads")
    if plants > 0 { try Planting.run(plants, seed, program, options) }
    for path in arguments {
      let repository = try Repository.open(path)
      let store = try ObjectStore(objects: repository.objectsDirectory, idCount: repository.objectIDCount)
      let floor = measure {
        store.forEachObject(ObjectSelection(kinds: [.blob], wantsRuns: false), threads: options.threads) { _ in Floor()
        }
      }
      let bytes = floor.result.reduce(0) { $0 + $1.bytes }
      print(
        String(
          format: "%@\n  floor %.2f s cpu %.2f s wall, %d blobs, %d MB", path, floor.cpu, floor.wall,
          floor.result.reduce(0) { $0 + $1.objects }, bytes / 1_000_000))
      let kinds: Set<ObjectKind> = [.tree]
      let treeFloor = measure {
        store.forEachObject(ObjectSelection(kinds: kinds, wantsRuns: false), threads: options.threads) { _ in Floor() }
      }
      print(
        String(
          format: "  trees %.2f s cpu %.2f s wall, %d trees, %d MB", treeFloor.cpu, treeFloor.wall,
          treeFloor.result.reduce(0) { $0 + $1.objects }, treeFloor.result.reduce(0) { $0 + $1.bytes } / 1_000_000))
      options.statistics = { statistics in
        for stage in statistics.stages {
          print(
            "    \(stage.name): \(stage.processorMilliseconds) ms cpu, \(stage.milliseconds) ms, \(stage.anonymousBytes >> 20) MB"
          )
        }
        guard let matching = statistics.matching else { return }
        print(
          "    searched \(matching.searchedBytes / 1_000_000) MB, windows \(matching.windows) of \(matching.windowBytes / 1_000_000) MB, hits taken over \(matching.inheritedHits), outcomes \(matching.inheritedOutcomes), touched \(Int(statistics.touchedShare * 1000)) permille"
        )
        for (rule, count) in zip(statistics.ruleNames, matching.hits).sorted(by: { $0.1 > $1.1 }).prefix(12) {
          print("      \(rule) \(count)")
        }
      }
      let peak = Peak()
      let last = Stage()
      if stages { options.progress = { last.show($0) } }
      let scan = try measure { try Scanner.history(path, program: program, options: options) }
      peak.stop()
      print(
        String(
          format: "  scan  %.2f s cpu %.2f s wall, ratio %.2f, peak %d MB anonymous, %d findings, %d places", scan.cpu,
          scan.wall, scan.cpu / floor.cpu, peak.value / 1024, scan.result.findings.count,
          scan.result.findings.reduce(0) { $0 + $1.occurrences.count }))
      for skip in scan.result.coverage.skips.prefix(3) {
        print("   ", skip.reason, skip.object?.description ?? "", skip.detail)
      }
      print("  \(scan.result.coverage.commits) commits, skips \(scan.result.coverage.skipCounts)")
      for (rule, count) in Dictionary(grouping: scan.result.findings, by: { $0.rule.rawValue }).mapValues(\.count)
        .sorted(by: { $0.value > $1.value }).prefix(20)
      {
        print("    \(rule) \(count)")
      }
    }
  }
}

final class Stage: @unchecked Sendable {
  let lock = NSLock()
  var stage = ""
  let start = Date()
  func show(_ progress: ScanProgress) {
    lock.lock()
    if progress.stage != stage {
      stage = progress.stage
      print(String(format: "    %.2f s %@", Date().timeIntervalSince(start), stage))
    }
    lock.unlock()
  }
}

/// Samples the anonymous memory of this process.
final class Peak: @unchecked Sendable {
  private(set) var value = 0
  private var running = true
  private var thread: Thread?
  init() {
    let thread = Thread { [self] in
      while running {
        value = max(value, anonymous())
        usleep(10_000)
      }
    }
    thread.start()
    self.thread = thread
  }
  func stop() {
    running = false
    value = max(value, anonymous())
  }
}
