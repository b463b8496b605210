// The same targets under libFuzzer, which sees what code an input reaches: see `Tests/Fuzz/run`. Built only when
// KEYWRIGHT_GUIDED_FUZZING is set, since it needs instrumented modules.

import Foundation
import TestSupport

@_silgen_name("LLVMFuzzerRunDriver")
func runDriver(
  _ count: UnsafeMutablePointer<Int32>,
  _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>,
  _ body: @convention(c) (UnsafePointer<UInt8>?, Int) -> Int32
) -> Int32

private let targetName = ProcessInfo.processInfo.environment["KEYWRIGHT_FUZZ_TARGET"] ?? ""
private let chosenTarget: (any FuzzTarget.Type)? = fuzzTargets.first { $0.name == targetName }

/// One input. The name is the one that libFuzzer's own entry point, which is linked and not used, looks for.
@_cdecl("LLVMFuzzerTestOneInput")
func feed(_ start: UnsafePointer<UInt8>?, _ size: Int) -> Int32 {
  let input = unsafe [UInt8](UnsafeBufferPointer(start: start, count: size))
  guard let target = chosenTarget else { return 0 }
  do { _ = try target.run(input) } catch {
    // A parser that says what can't be true is as bad as one that traps.
    fatalError("\(target.name): \(error)")
  }
  return 0
}

@main
enum Guided {
  /// `fuzz targets` lists them, `fuzz seeds DIRECTORY` writes inputs to begin with; all else is libFuzzer's.
  static func main() throws {
    let words = CommandLine.arguments
    if words.dropFirst().first == "targets" { return print(fuzzTargets.map { $0.name }.joined(separator: "\n")) }
    guard let chosen = chosenTarget else {
      throw FuzzFailure(description: "KEYWRIGHT_FUZZ_TARGET names no target: see `fuzz targets`")
    }
    if words.count == 3, words[1] == "seeds" { return try writeSeeds(chosen, words[2]) }
    var count = CommandLine.argc
    var arguments = unsafe CommandLine.unsafeArgv
    let status = unsafe runDriver(&count, &arguments, feed)
    FuzzFiles.removeAll()
    exit(status)
  }

  private static func writeSeeds(_ target: any FuzzTarget.Type, _ directory: String) throws {
    var random = Seeded(state: 1)
    let kept = try corpusInputs(target.name)
    for (number, input) in ((0..<64).map { _ in target.seed(&random) } + kept).enumerated() {
      try Data(input).write(to: URL(filePath: "\(directory)/seed-\(number)"))
    }
  }
}
