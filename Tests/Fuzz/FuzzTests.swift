// Runs the corpus and a little fuzzing with every test run; with KEYWRIGHT_FUZZ_SECONDS set, as much as that of every parser:
//
//   KEYWRIGHT_FUZZ_SECONDS=600 KEYWRIGHT_FUZZ_LOG=fuzz.log swift test --filter FuzzTests
//
// The log says what was under way if the process ends, and at the end how many inputs there were; KEYWRIGHT_FUZZ_SEED repeats
// a batch. KEYWRIGHT_FUZZ_KEEP names a directory for the inputs that said something new. `Tests/Fuzz/run` runs the same under libFuzzer.

import Foundation
import TestSupport
import Testing

private let targets = fuzzTargets

private func variable(_ name: String) -> String? { ProcessInfo.processInfo.environment["KEYWRIGHT_FUZZ_" + name] }

@Suite(.serialized) struct FuzzTests {
  private static let batchCount: UInt64 = 200

  @Test func everyParserHasACorpus() throws {
    for target in targets { #expect(try corpusInputs(target.name).count >= 3, "\(target.name)") }
  }

  @Test(arguments: targets.indices) func nothingTrapsNorLies(number: Int) throws {
    let target = targets[number]
    defer { if number == targets.count - 1 { FuzzFiles.removeAll() } }
    var fuzzer = try Fuzzer(target, corpus: corpusInputs(target.name))
    let seconds = variable("SECONDS").flatMap { Double($0) }
    let began = Date()
    var seed = variable("SEED").flatMap { UInt64($0) } ?? (seconds == nil ? 1 : UInt64.random(in: 0..<1 << 48))
    repeat {
      note("\(target.name) seed \(seed)")
      var random = Seeded(state: seed)
      for _ in 0..<FuzzTests.batchCount {
        do { try fuzzer.step(&random) } catch {
          Issue.record("\(target.name): \(error) with seed \(seed)")
          return
        }
      }
      seed &+= 1
    } while seconds.map { Date().timeIntervalSince(began) < $0 } ?? false
    let spent = Date().timeIntervalSince(began)
    // A batch takes a fraction of a second; a parser that hangs or crawls would not.
    #expect(seconds != nil || spent < 60)
    if seconds != nil {
      note("\(target.name) done: \(fuzzer.runs) inputs in \(Int(spent)) s, \(fuzzer.seen.count) shapes", lasting: true)
      try keep(fuzzer)
    }
  }

  /// The last line of the log is replaced, except where it is to last.
  private func note(_ text: String, lasting: Bool = false) {
    guard let path = variable("LOG") else { return }
    let old = (try? String(contentsOfFile: path, encoding: .utf8)) ?? ""
    let kept = old.split(separator: "\n").filter { $0.contains(" done: ") }.map { $0 + "\n" }.joined()
    try? (kept + text + "\n").write(toFile: path, atomically: true, encoding: .utf8)
  }

  private func keep(_ fuzzer: Fuzzer) throws {
    guard let directory = variable("KEEP") else { return }
    let lines = fuzzer.corpus.filter { $0.count <= 1_500 }.map { $0.map { String(format: "%02x", $0) }.joined() }
    try (lines.joined(separator: "\n") + "\n").write(
      toFile: directory + "/" + fuzzer.target.name + ".txt", atomically: true, encoding: .utf8)
  }
}
